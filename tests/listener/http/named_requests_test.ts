import assert from "node:assert/strict";
import type { Answer } from "../../../rest/domain/answer.ts";
import type { Fact } from "../../../rest/domain/fact.ts";
import { headerOf } from "../../../rest/domain/headers.ts";
import { NOBODY } from "../../../rest/domain/identity.ts";
import { Refusal, type RefusalCode } from "../../../rest/domain/refusal.ts";
import type { Method, ProxyRequest } from "../../../rest/domain/request.ts";
import { KeptBodies } from "../../../rest/idempotency/kept_bodies.ts";
import { NamedEntries } from "../../../rest/idempotency/named_entries.ts";
import type { NamedRegister } from "../../../rest/idempotency/register.ts";
import type { KeepWish } from "../../../rest/listener/http/keep_wish.ts";
import {
  createNamedRequests,
  type NamedRequests,
} from "../../../rest/listener/http/named_requests.ts";
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
  readonly named: NamedRequests;
  readonly register: NamedRegister;
  readonly facts: Fact[];
  readonly submitter: FakeSubmitter;
  readonly clock: ReturnType<typeof createManualClock>;
}

function rigOf(limits: { bytes?: number; count?: number } = {}): Rig {
  const submitter = new FakeSubmitter();
  const clock = createManualClock();
  let lastId = 0;
  const facts: Fact[] = [];
  const bodies = new KeptBodies(limits.bytes ?? 64 * 1_048_576);
  const entries = new NamedEntries({ bodies, onForget() {} }, limits.count);
  const register = { bodies, named: entries };
  const named = createNamedRequests({
    submitter,
    register,
    clock,
    facts: (fact) => void facts.push(fact),
    newId: () => `id-${++lastId}`,
    fingerprintOf: ({ method, target, body }) =>
      `${method} ${target.path} ${new TextDecoder().decode(body)}`,
  });
  return { named, register, submitter, clock, facts };
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
  named: NamedRequests,
  id: string,
  method = "GET",
  owner = "main",
): Promise<Answer> {
  const answer = await named.answerAt(method, `/_rep/requests/${id}`, owner);
  assert.ok(answer);
  return answer;
}

Deno.test("I8: the same key and request is sent once, attached while it runs, stored afterwards", async () => {
  const { named, submitter } = rigOf();
  const first = named.handle(requestOf("hi"), KEYED, "main");
  const second = named.handle(requestOf("hi"), KEYED, "main");
  assert.equal(submitter.jobs.length, 1);
  submitter.jobs[0]?.reply(200, { id: "7" });
  const third = named.handle(requestOf("hi"), KEYED, "main");
  await first;
  const fourth = named.handle(requestOf("hi"), KEYED, "main");
  for (const answer of [first, second, third, fourth]) {
    assert.equal(await textOf(await answer), '{"id":"7"}');
  }
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("I8: an answer that streams is given whole to everybody", async () => {
  const { named, submitter } = rigOf();
  const answers = [1, 2].map(() =>
    named.handle(requestOf("hi"), KEYED, "main")
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
  const { named, submitter } = rigOf();
  const first = named.handle(requestOf("hi"), KEYED, "main");
  const other = [requestOf("bye"), requestOf("hi", "PATCH")];
  for (const request of other) {
    const answer = named.handle(request, KEYED, "main");
    await assert.rejects(answer, refusedWith("key_reused"));
  }
  assert.equal(submitter.jobs.length, 1);
  submitter.jobs[0]?.reply(200, 1);
  assert.equal((await first).status, 200);
});

Deno.test("I8: a key belongs to its caller", () => {
  const { named, submitter } = rigOf();
  named.handle(requestOf("hi"), KEYED, "main");
  named.handle(requestOf("hi"), KEYED, "other");
  assert.equal(submitter.jobs.length, 2);
});

for (const status of [200, 204, 400, 403, 500, 502]) {
  Deno.test(`I8: Discord's ${status} is kept for 24 h and not a moment longer`, async () => {
    const { named, submitter, clock } = rigOf();
    const answer = named.handle(requestOf("hi"), KEYED, "main");
    submitter.jobs[0]?.reply(status, 1);
    await answer;
    await clock.advance(24 * HOUR_MS - 1);
    assert.equal(
      (await named.handle(requestOf("hi"), KEYED, "main")).status,
      status,
    );
    assert.equal(submitter.jobs.length, 1);
    await clock.advance(1);
    named.handle(requestOf("hi"), KEYED, "main");
    assert.equal(submitter.jobs.length, 2);
  });
}

Deno.test("I8: what certainly was not done may be sent again under its key", async () => {
  const { named, register, submitter } = rigOf();
  const endings = [
    new Refusal("overloaded", "Cannot take it"),
    new Refusal("deadline", "Deadline passed"),
    new Refusal("unreachable", "Cannot reach it"),
  ];
  for (const [at, refusal] of endings.entries()) {
    const answer = named.handle(requestOf("hi"), KEYED, "main");
    submitter.jobs[at]?.fail(refusal);
    await assert.rejects(answer, refusedWith(refusal.code));
  }
  const limited = named.handle(requestOf("hi"), KEYED, "main");
  submitter.jobs[3]?.reply(429, {});
  assert.equal((await limited).status, 429);
  named.handle(requestOf("hi"), KEYED, "main");
  assert.equal(submitter.jobs.length, 5);
  assert.equal(register.named.size, 1);
});

Deno.test("I8: what may have been done is not sent again under its key", async () => {
  const { named, submitter } = rigOf();
  const answer = named.handle(requestOf("hi"), KEYED, "main");
  submitter.jobs[0]?.fail(new Refusal("outcome_unknown", "Cannot tell"));
  await assert.rejects(answer, refusedWith("outcome_unknown"));
  const again = named.handle(requestOf("hi"), KEYED, "main");
  await assert.rejects(again, refusedWith("outcome_unknown"));
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("I8: beyond the bound of bytes the oldest body goes, its request is still done once", async () => {
  const { named, register, submitter } = rigOf({ bytes: 2_500 });
  for (let n = 1; n <= 3; n++) {
    const wish = { idempotencyKey: `k-${n}`, isAsync: false };
    const answer = named.handle(requestOf("hi"), wish, "main");
    submitter.jobs[n - 1]?.reply(200, "x".repeat(1_000));
    await answer;
  }
  assert.ok(register.bodies.bytes <= 2_500);
  await assert.rejects(
    named.handle(requestOf("hi"), KEYED, "main"),
    (error) =>
      error instanceof Refusal && error.code === "outcome_unknown" &&
      error.sent === true,
  );
  const newest = { idempotencyKey: "k-3", isAsync: false };
  assert.equal(
    (await named.handle(requestOf("hi"), newest, "main")).status,
    200,
  );
  assert.equal(submitter.jobs.length, 3);
});

Deno.test("I8: beyond the bound of requests the oldest that is through is forgotten", async () => {
  const { named, register, submitter } = rigOf({ count: 2 });
  const wishes = [1, 2, 3].map((n) => ({
    idempotencyKey: `k-${n}`,
    isAsync: false,
  }));
  const [one, two, three] = wishes;
  assert.ok(one && two && three);
  const first = named.handle(requestOf("hi"), one, "main");
  named.handle(requestOf("hi"), two, "main");
  await assert.rejects(
    named.handle(requestOf("hi"), three, "main"),
    refusedWith("overloaded"),
  );
  submitter.jobs[0]?.reply(200, 1);
  await first;
  named.handle(requestOf("hi"), three, "main");
  assert.equal(submitter.jobs.length, 3);
  assert.equal(register.named.size, 2);
});

Deno.test("D4: respond-async is answered 202 with the place of the answer", async () => {
  const { named, submitter } = rigOf();
  const taken = await named.handle(requestOf("hi"), ASYNC, "main");
  assert.equal(taken.status, 202);
  assert.equal(headerOf(taken.headers, "location"), "/_rep/requests/id-1");
  assert.equal(headerOf(taken.headers, "preference-applied"), "respond-async");
  assert.equal(headerOf(taken.headers, "x-rest-proxy"), "kept");
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("D4: at that place is 202 while it waits, then Discord's own answer", async () => {
  const { named, submitter } = rigOf();
  await named.handle(requestOf("hi", "GET"), ASYNC, "main");
  assert.equal((await ask(named, "id-1")).status, 202);
  submitter.jobs[0]?.reply(404, { code: 10_003 });
  await submitter.jobs[0]?.answer;
  for (let round = 0; round < 2; round++) {
    const answer = await settled(() => ask(named, "id-1"), 404);
    assert.equal(await textOf(answer), '{"code":10003}');
    assert.equal(headerOf(answer.headers, "x-rest-proxy"), undefined);
  }
});

Deno.test("D4: what the proxy refused is told at that place, and kept though it was not done", async () => {
  const { named, submitter } = rigOf();
  await named.handle(
    requestOf("hi"),
    { idempotencyKey: "k", isAsync: true },
    "main",
  );
  submitter.jobs[0]?.fail(new Refusal("deadline", "Deadline passed"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (let round = 0; round < 2; round++) {
    await assert.rejects(ask(named, "id-1"), refusedWith("deadline"));
  }
});

Deno.test("D4: another caller, or another id, finds nothing there", async () => {
  const { named } = rigOf();
  await named.handle(requestOf("hi"), ASYNC, "main");
  await assert.rejects(
    ask(named, "id-1", "GET", "other"),
    refusedWith("no_such_target"),
  );
  await assert.rejects(
    ask(named, "id-1", "DELETE", "other"),
    refusedWith("no_such_target"),
  );
  await assert.rejects(ask(named, "id-2"), refusedWith("no_such_target"));
  await assert.rejects(ask(named, "id-1", "POST"), refusedWith("bad_method"));
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
    assert.equal(rigOf().named.answerAt("GET", target, "main"), undefined);
  });
}

for (
  const [state, isTaken] of [["waiting", true], ["sent", false], [
    "done",
    false,
  ]] as const
) {
  Deno.test(`D4: DELETE takes back a request that is ${state}: ${isTaken}`, async () => {
    const { named, submitter } = rigOf();
    await named.handle(requestOf("hi"), ASYNC, "main");
    const [job] = submitter.jobs;
    assert.ok(job);
    job.state = state;
    const answer = await ask(named, "id-1", "DELETE");
    assert.deepEqual(
      JSON.parse(await textOf(answer)),
      isTaken ? { cancelled: true } : { cancelled: false, state },
    );
    if (!isTaken) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    await assert.rejects(ask(named, "id-1"), refusedWith("cancelled"));
  });
}

Deno.test("D4: with a key too, the same request again has the same place", async () => {
  const { named, submitter } = rigOf();
  const wish = { idempotencyKey: "k", isAsync: true };
  const taken = [1, 2].map(() => named.handle(requestOf("hi"), wish, "main"));
  const places = (await Promise.all(taken)).map(({ headers }) =>
    headerOf(headers, "location")
  );
  assert.deepEqual(places, ["/_rep/requests/id-1", "/_rep/requests/id-1"]);
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("I8: requests are queued in the order of the calls", () => {
  const { named, submitter } = rigOf();
  for (const content of ["a", "b", "c"]) {
    named.handle(requestOf(content), {
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
  const { named, submitter, facts } = rigOf();
  const answer = named.handle(requestOf("hi"), KEYED, "main");
  submitter.jobs[0]?.fail(new TypeError("a bug"));
  await assert.rejects(answer, refusedWith("internal"));
  assert.ok(facts.some(({ kind }) => kind === "warning"));
  const again = named.handle(requestOf("hi"), KEYED, "main");
  await assert.rejects(again, refusedWith("internal"));
  assert.equal(submitter.jobs.length, 1);
});

Deno.test("D4: what a caller is promised is handed in with its request", async () => {
  const { named, submitter } = rigOf();
  const wish = { idempotencyKey: "k", isAsync: true };
  await named.handle(requestOf("hi"), wish, "main");
  const [guarantee] = submitter.guarantees;
  assert.deepEqual(
    [guarantee?.owner, guarantee?.idempotencyKey, guarantee?.asyncId],
    ["main", "k", "id-1"],
  );
});

Deno.test("I8: the same key of two bots names two requests", () => {
  const { named, submitter } = rigOf();
  const { identity, ...request } = requestOf("hi");
  for (const id of ["bot:1", "bot:2"]) {
    named.handle(
      { ...request, identity: { ...identity, id } },
      KEYED,
      "main",
    );
  }
  assert.equal(submitter.jobs.length, 2);
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
