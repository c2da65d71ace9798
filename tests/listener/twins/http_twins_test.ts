import assert from "node:assert/strict";
import type { Answer } from "../../../rest/domain/answer.ts";
import { headerOf } from "../../../rest/domain/headers.ts";
import { NOBODY } from "../../../rest/domain/identity.ts";
import { Refusal, type RefusalCode } from "../../../rest/domain/refusal.ts";
import type { Method, ProxyRequest } from "../../../rest/domain/request.ts";
import {
  createHttpTwins,
  type HttpTwins,
} from "../../../rest/listener/twins/http_twins.ts";
import type { KeepWish } from "../../../rest/listener/twins/keep_wish.ts";
import type { KeptRequestLimits } from "../../../rest/listener/twins/kept_requests.ts";
import { routeOf } from "../../../rest/routes/route_of.ts";
import { createManualClock } from "../../_manual_clock.ts";
import { FakeSubmitter } from "../websocket/_endpoint.ts";

const HOUR_MS = 3_600_000;
const KEYED: KeepWish = { idempotencyKey: "k-1", isAsync: false };
const ASYNC: KeepWish = { idempotencyKey: undefined, isAsync: true };

function requestOf(content: string, method: Method = "POST"): ProxyRequest {
  const path = "/channels/9/messages";
  return {
    method,
    target: { version: 10, path, query: "" },
    route: routeOf(method, path, 0),
    headers: [],
    body: new TextEncoder().encode(content),
    identity: NOBODY,
    caller: "main@test",
    urgency: 3,
    isOrdered: true,
    leaveWithinMs: undefined,
  };
}

interface Rig {
  readonly twins: HttpTwins;
  readonly submitter: FakeSubmitter;
  readonly clock: ReturnType<typeof createManualClock>;
}

function rigOf(limits: Partial<KeptRequestLimits> = {}): Rig {
  const submitter = new FakeSubmitter();
  const clock = createManualClock();
  let lastId = 0;
  const twins = createHttpTwins({
    submitter,
    clock,
    newId: () => `id-${++lastId}`,
    fingerprintOf: ({ method, target, body }) =>
      `${method} ${target.path} ${new TextDecoder().decode(body)}`,
    limits,
  });
  return { twins, submitter, clock };
}

async function textOf(answer: Answer | undefined): Promise<string> {
  assert.ok(answer);
  return await new Response(answer.body ?? null).text();
}

function refusedWith(code: RefusalCode): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code;
}

/** Asks for a kept request. */
async function ask(
  twins: HttpTwins,
  id: string,
  method = "GET",
  owner = "main",
): Promise<Answer> {
  const answer = await twins.answerAt(method, `/_rep/requests/${id}`, owner);
  assert.ok(answer);
  return answer;
}

Deno.test("I8: the same key and request is sent once, attached while it runs, stored afterwards", async () => {
  const { twins, submitter } = rigOf();
  const first = twins.handle(requestOf("hi"), KEYED, "main");
  const second = twins.handle(requestOf("hi"), KEYED, "main");
  assert.equal(submitter.jobs.length, 1);
  submitter.jobs[0]?.reply(200, { id: "7" });
  const third = twins.handle(requestOf("hi"), KEYED, "main");
  await first;
  const fourth = twins.handle(requestOf("hi"), KEYED, "main");
  for (const answer of [first, second, third, fourth]) {
    assert.equal(await textOf(await answer), '{"id":"7"}');
  }
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("I8: an answer that streams is given whole to everybody", async () => {
  const { twins, submitter } = rigOf();
  const answers = [1, 2].map(() =>
    twins.handle(requestOf("hi"), KEYED, "main")
  );
  const chunks = ["a", "b"].map((text) => new TextEncoder().encode(text));
  submitter.jobs[0]?.replyRaw({
    status: 200,
    headers: [],
    body: ReadableStream.from(chunks),
  });
  for (const answer of answers) assert.equal(await textOf(await answer), "ab");
});

Deno.test("I8: the same key with another request is refused with 422, the first is unaffected", async () => {
  const { twins, submitter } = rigOf();
  const first = twins.handle(requestOf("hi"), KEYED, "main");
  const other = [requestOf("bye"), requestOf("hi", "PATCH")];
  for (const request of other) {
    const answer = twins.handle(request, KEYED, "main");
    await assert.rejects(answer, refusedWith("key_reused"));
  }
  assert.equal(submitter.jobs.length, 1);
  submitter.jobs[0]?.reply(200, 1);
  assert.equal((await first).status, 200);
});

Deno.test("I8: a key belongs to its caller", () => {
  const { twins, submitter } = rigOf();
  twins.handle(requestOf("hi"), KEYED, "main");
  twins.handle(requestOf("hi"), KEYED, "other");
  assert.equal(submitter.jobs.length, 2);
});

for (const status of [200, 204, 400, 403, 500, 502]) {
  Deno.test(`I8: Discord's ${status} is kept for 24 h and not a moment longer`, async () => {
    const { twins, submitter, clock } = rigOf();
    const answer = twins.handle(requestOf("hi"), KEYED, "main");
    submitter.jobs[0]?.reply(status, 1);
    await answer;
    await clock.advance(24 * HOUR_MS - 1);
    assert.equal(
      (await twins.handle(requestOf("hi"), KEYED, "main")).status,
      status,
    );
    assert.equal(submitter.jobs.length, 1);
    await clock.advance(1);
    twins.handle(requestOf("hi"), KEYED, "main");
    assert.equal(submitter.jobs.length, 2);
  });
}

Deno.test("I8: what certainly was not done may be sent again under its key", async () => {
  const { twins, submitter } = rigOf();
  const endings = [
    new Refusal("overloaded", "Cannot take it"),
    new Refusal("deadline", "Deadline passed"),
    new Refusal("unreachable", "Cannot reach it"),
  ];
  for (const [at, refusal] of endings.entries()) {
    const answer = twins.handle(requestOf("hi"), KEYED, "main");
    submitter.jobs[at]?.fail(refusal);
    await assert.rejects(answer, refusedWith(refusal.code));
  }
  const limited = twins.handle(requestOf("hi"), KEYED, "main");
  submitter.jobs[3]?.reply(429, {});
  assert.equal((await limited).status, 429);
  twins.handle(requestOf("hi"), KEYED, "main");
  assert.equal(submitter.jobs.length, 5);
  assert.equal(twins.snapshot().requests, 1);
});

Deno.test("I8: what may have been done is not sent again under its key", async () => {
  const { twins, submitter } = rigOf();
  const answer = twins.handle(requestOf("hi"), KEYED, "main");
  submitter.jobs[0]?.fail(new Refusal("outcome_unknown", "Cannot tell"));
  await assert.rejects(answer, refusedWith("outcome_unknown"));
  const again = twins.handle(requestOf("hi"), KEYED, "main");
  await assert.rejects(again, refusedWith("outcome_unknown"));
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("I8: beyond the bound of bytes the oldest body goes, its request is still done once", async () => {
  const { twins, submitter } = rigOf({ bytes: 2_500 });
  for (let n = 1; n <= 3; n++) {
    const wish = { idempotencyKey: `k-${n}`, isAsync: false };
    const answer = twins.handle(requestOf("hi"), wish, "main");
    submitter.jobs[n - 1]?.reply(200, "x".repeat(1_000));
    await answer;
  }
  assert.ok(twins.snapshot().bytes <= 2_500);
  await assert.rejects(
    twins.handle(requestOf("hi"), KEYED, "main"),
    (error) =>
      error instanceof Refusal && error.code === "outcome_unknown" &&
      error.sent === true,
  );
  const newest = { idempotencyKey: "k-3", isAsync: false };
  assert.equal(
    (await twins.handle(requestOf("hi"), newest, "main")).status,
    200,
  );
  assert.equal(submitter.jobs.length, 3);
});

Deno.test("I8: beyond the bound of requests the oldest that is through is forgotten", async () => {
  const { twins, submitter } = rigOf({ count: 2 });
  const wishes = [1, 2, 3].map((n) => ({
    idempotencyKey: `k-${n}`,
    isAsync: false,
  }));
  const [one, two, three] = wishes;
  assert.ok(one && two && three);
  const first = twins.handle(requestOf("hi"), one, "main");
  twins.handle(requestOf("hi"), two, "main");
  await assert.rejects(
    twins.handle(requestOf("hi"), three, "main"),
    refusedWith("overloaded"),
  );
  submitter.jobs[0]?.reply(200, 1);
  await first;
  twins.handle(requestOf("hi"), three, "main");
  assert.equal(submitter.jobs.length, 3);
  assert.equal(twins.snapshot().requests, 2);
});

Deno.test("D4: respond-async is answered 202 with the place of the answer", async () => {
  const { twins, submitter } = rigOf();
  const taken = await twins.handle(requestOf("hi"), ASYNC, "main");
  assert.equal(taken.status, 202);
  assert.equal(headerOf(taken.headers, "location"), "/_rep/requests/id-1");
  assert.equal(headerOf(taken.headers, "preference-applied"), "respond-async");
  assert.equal(headerOf(taken.headers, "x-rest-proxy"), "kept");
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("D4: at that place is 202 while it waits, then Discord's own answer", async () => {
  const { twins, submitter } = rigOf();
  await twins.handle(requestOf("hi", "GET"), ASYNC, "main");
  assert.equal((await ask(twins, "id-1")).status, 202);
  submitter.jobs[0]?.reply(404, { code: 10_003 });
  await submitter.jobs[0]?.answer;
  for (let round = 0; round < 2; round++) {
    const answer = await settled(() => ask(twins, "id-1"), 404);
    assert.equal(await textOf(answer), '{"code":10003}');
    assert.equal(headerOf(answer.headers, "x-rest-proxy"), undefined);
  }
});

Deno.test("D4: what the proxy refused is told at that place, and kept though it was not done", async () => {
  const { twins, submitter } = rigOf();
  await twins.handle(
    requestOf("hi"),
    { idempotencyKey: "k", isAsync: true },
    "main",
  );
  submitter.jobs[0]?.fail(new Refusal("deadline", "Deadline passed"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (let round = 0; round < 2; round++) {
    await assert.rejects(ask(twins, "id-1"), refusedWith("deadline"));
  }
});

Deno.test("D4: another caller, or another id, finds nothing there", async () => {
  const { twins } = rigOf();
  await twins.handle(requestOf("hi"), ASYNC, "main");
  await assert.rejects(
    ask(twins, "id-1", "GET", "other"),
    refusedWith("no_such_target"),
  );
  await assert.rejects(
    ask(twins, "id-1", "DELETE", "other"),
    refusedWith("no_such_target"),
  );
  await assert.rejects(ask(twins, "id-2"), refusedWith("no_such_target"));
  await assert.rejects(ask(twins, "id-1", "POST"), refusedWith("bad_method"));
});

for (
  const target of [
    "/_rep/requests",
    "/_rep/requests/",
    "/_rep/requests/a/b",
    "/_rep/x",
    "/users/1",
    "/_rep/requests/%61",
  ]
) {
  Deno.test(`D4: ${target} is no place of an answer`, () => {
    assert.equal(rigOf().twins.answerAt("GET", target, "main"), undefined);
  });
}

for (
  const [state, isTaken] of [["waiting", true], ["sent", false], [
    "done",
    false,
  ]] as const
) {
  Deno.test(`D4: DELETE takes back a request that is ${state}: ${isTaken}`, async () => {
    const { twins, submitter } = rigOf();
    await twins.handle(requestOf("hi"), ASYNC, "main");
    const [job] = submitter.jobs;
    assert.ok(job);
    job.state = state;
    const answer = await ask(twins, "id-1", "DELETE");
    assert.deepEqual(
      JSON.parse(await textOf(answer)),
      isTaken ? { cancelled: true } : { cancelled: false, state },
    );
    if (!isTaken) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    await assert.rejects(ask(twins, "id-1"), refusedWith("cancelled"));
  });
}

Deno.test("D4: with a key too, the same request again has the same place", async () => {
  const { twins, submitter } = rigOf();
  const wish = { idempotencyKey: "k", isAsync: true };
  const taken = [1, 2].map(() => twins.handle(requestOf("hi"), wish, "main"));
  const places = (await Promise.all(taken)).map(({ headers }) =>
    headerOf(headers, "location")
  );
  assert.deepEqual(places, ["/_rep/requests/id-1", "/_rep/requests/id-1"]);
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("I8: requests are queued in the order of the calls", () => {
  const { twins, submitter } = rigOf();
  for (const content of ["a", "b", "c"]) {
    twins.handle(requestOf(content), {
      idempotencyKey: content,
      isAsync: false,
    }, "main");
  }
  const bodies = submitter.jobs.map(({ request }) =>
    new TextDecoder().decode(request.body)
  );
  assert.deepEqual(bodies, ["a", "b", "c"]);
});

Deno.test("I8: a bug in the queue is no refusal of Discord's, and is not sent again", async () => {
  const { twins, submitter } = rigOf();
  const answer = twins.handle(requestOf("hi"), KEYED, "main");
  submitter.jobs[0]?.fail(new TypeError("a bug"));
  await assert.rejects(answer, TypeError);
  const again = twins.handle(requestOf("hi"), KEYED, "main");
  await assert.rejects(again, refusedWith("internal"));
  assert.equal(submitter.jobs.length, 1);
});

/** Asks until the answer has this status: promises need some turns to settle. */
async function settled(
  get: () => Promise<Answer>,
  status: number,
): Promise<Answer> {
  for (;;) {
    const answer = await get();
    if (answer.status === status) return answer;
  }
}
