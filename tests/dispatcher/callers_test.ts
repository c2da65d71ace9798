import assert from "node:assert/strict";
import type { Method, ProxyRequest } from "../../rest/domain/request.ts";
import { TOGETHER_MS } from "../../rest/idempotency/register.ts";
import {
  answerOf,
  type Bench,
  benchOf,
  endOf,
  refusalOf,
  requestOf,
  submitWith,
  textOf,
} from "./_builders.ts";
import { lost } from "./_scripted_upstream.ts";
import { ADOPT_MS, queueOf } from "./_queue.ts";

const POST = requestOf("POST", { text: "hello" });
const ROLE = "/guilds/1/members/2/roles/3";
const NAMED = { owner: "key own", fingerprint: "" };

/** A bench whose scheduler leases nothing. */
function heldBenchOf(): Bench {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  return bench;
}

/** Lets the scheduler lease what waits, and the upstream answer all of it. */
async function goOn(bench: Bench): Promise<void> {
  bench.scheduler.isHeld = false;
  bench.dispatcher.submit(requestOf("GET", { path: "/gateway" })).answer.catch(
    () => {},
  );
  await bench.clock.settle();
  while (bench.upstream.sends.some(({ isOpen }) => isOpen)) {
    bench.upstream.next.answer(answerOf(200, { text: "sent" }));
    await bench.clock.settle();
  }
}

/** How often a method was sent. */
function sendsOf(bench: Pick<Bench, "upstream">, method: Method): number {
  return bench.upstream.sends.filter(({ request }) => request.method === method)
    .length;
}

Deno.test("a second try that is here before its first caller's leaving is told is sent once, however long before", async () => {
  for (const beforeMs of [0, 1, 99, 101, 20_000]) {
    const bench = heldBenchOf();
    const first = submitWith(bench, POST);
    const second = submitWith(bench, POST);
    await bench.clock.advance(beforeMs);
    first.leave();
    await goOn(bench);
    assert.equal(sendsOf(bench, "POST"), 1, `${beforeMs}`);
    assert.equal(await textOf(await second.answer), "sent");
    assert.equal((await refusalOf(first.answer)).code, "cancelled");
    await bench.dispatcher.drain(0);
  }
});

Deno.test("a second try that waits while its first is in flight is given the first one's answer, and never sent", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  bench.scheduler.isHeld = true;
  const second = submitWith(bench, POST);
  first.leave();
  bench.upstream.next.answer(answerOf(200, { text: "sent" }));
  assert.equal(await textOf(await second.answer), "sent");
  assert.deepEqual(bench.scheduler.waitingIds, []);
  assert.equal(bench.upstream.sends.length, 1);
});

Deno.test("a second try that waits while its first ends in an error is sent", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  bench.scheduler.isHeld = true;
  const second = submitWith(bench, POST);
  first.leave();
  bench.upstream.next.answer(answerOf(500));
  await bench.clock.settle();
  await goOn(bench);
  assert.equal((await second.answer).status, 200);
  assert.equal(sendsOf(bench, "POST"), 2);
});

Deno.test("a second try whose first came to an unknown end is told so, and not sent", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  bench.scheduler.isHeld = true;
  const second = submitWith(bench, POST);
  first.leave();
  bench.upstream.next.fail(lost());
  assert.equal((await refusalOf(second.answer)).code, "outcome_unknown");
  assert.equal(bench.upstream.sends.length, 1);
  // Two are told, and one write is unknown.
  const refused = bench.facts.filter((fact) => fact.kind === "refused");
  assert.deepEqual(
    refused.map(({ code, isOutcomeUnknown }) => [code, isOutcomeUnknown]),
    [["outcome_unknown", true], ["outcome_unknown", undefined]],
  );
});

Deno.test("of four tries that each give up before the next one's is told, one is sent", async () => {
  const bench = heldBenchOf();
  let former = submitWith(bench, POST);
  for (let tries = 1; tries < 4; tries++) {
    await bench.clock.advance(1_000);
    const next = submitWith(bench, POST);
    former.leave();
    former = next;
  }
  await bench.clock.advance(1_000);
  former.leave();
  await goOn(bench);
  assert.equal(sendsOf(bench, "POST"), 1);
});

Deno.test("a third try does not take its first's place before the leaving of the second is told", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  bench.scheduler.isHeld = true;
  const second = submitWith(bench, POST);
  first.leave();
  await bench.clock.advance(1_000);
  const third = submitWith(bench, POST);
  second.leave();
  bench.upstream.next.answer(answerOf(200, { text: "sent" }));
  assert.equal(await textOf(await third.answer), "sent");
  assert.deepEqual(bench.scheduler.waitingIds, []);
  assert.equal(bench.upstream.sends.length, 1);
});

Deno.test("a first try that is handed in after its second, its caller gone by then, is not sent beside it", async () => {
  const bench = heldBenchOf();
  const second = submitWith(bench, POST);
  const first = bench.dispatcher.submit(POST, AbortSignal.abort());
  assert.equal((await refusalOf(first.answer)).code, "cancelled");
  await goOn(bench);
  assert.equal(sendsOf(bench, "POST"), 1);
  assert.equal((await second.answer).status, 200);
});

Deno.test("a second try whose caller has left before it is handed in leaves the kept answer to the third", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  first.leave();
  bench.upstream.next.answer(answerOf(200, { text: "sent" }));
  await bench.clock.settle();
  const second = bench.dispatcher.submit(POST, AbortSignal.abort());
  assert.equal((await refusalOf(second.answer)).code, "cancelled");
  const third = submitWith(bench, POST);
  assert.equal(await textOf(await third.answer), "sent");
  assert.equal(bench.upstream.sends.length, 1);
});

Deno.test("two equal messages of a bot that is killed are both sent", async () => {
  for (const apartMs of [0, 5_000]) {
    const bench = heldBenchOf();
    const one = submitWith(bench, POST);
    await bench.clock.advance(apartMs);
    const other = submitWith(bench, POST);
    await bench.clock.advance(5_000);
    one.leave();
    await bench.clock.advance(TOGETHER_MS - 1);
    other.leave();
    await goOn(bench);
    assert.equal(sendsOf(bench, "POST"), 2, `${apartMs}`);
  }
});

Deno.test("equal messages that were there together are all sent, though one caller after the other leaves", async () => {
  const bench = heldBenchOf();
  const callers: ReturnType<typeof submitWith>[] = [];
  for (let at = 0; at < 3; at++) {
    callers.push(submitWith(bench, POST));
    await bench.clock.advance(200);
  }
  await bench.clock.advance(1_000);
  for (const caller of callers) {
    caller.leave();
    await bench.clock.advance(400);
  }
  await goOn(bench);
  assert.equal(sendsOf(bench, "POST"), 3);
});

Deno.test("two equal messages whose callers stay are both sent", async () => {
  const bench = heldBenchOf();
  const answers = [1, 2].map(() => submitWith(bench, POST).answer);
  await goOn(bench);
  for (const answer of answers) assert.equal((await answer).status, 200);
  assert.equal(sendsOf(bench, "POST"), 2);
});

Deno.test("a PUT whose caller left is not taken for one that comes after a DELETE of the same path, in any state", async () => {
  for (const state of ["waiting", "in flight", "ended"]) {
    const bench = benchOf();
    bench.scheduler.isHeld = state === "waiting";
    const role = (method: Method) => requestOf(method, { path: ROLE });
    const put = submitWith(bench, role("PUT"));
    await bench.clock.settle();
    put.leave();
    if (state === "ended") bench.upstream.next.answer(answerOf(204));
    await bench.clock.settle();
    const others = ["DELETE", "PUT"] as const;
    const answers = others.map((method) =>
      submitWith(bench, role(method)).answer
    );
    await goOn(bench);
    for (const answer of answers) assert.equal((await answer).status, 200);
    assert.equal(sendsOf(bench, "PUT"), 2, state);
    assert.equal(sendsOf(bench, "DELETE"), 1, state);
  }
});

Deno.test("a POST whose caller left is overtaken by a change of its path, of whomever, and not by another POST", async () => {
  const path = "/channels/1/messages";
  const between: ReadonlyArray<readonly [ProxyRequest, number]> = [
    [requestOf("POST", { path, text: "another" }), 2],
    [requestOf("PATCH", { path, text: "x", caller: "other/one" }), 2],
    [requestOf("DELETE", { path: "/channels/1/messages/5" }), 1],
  ];
  for (const [request, posts] of between) {
    const bench = heldBenchOf();
    submitWith(bench, POST).leave();
    submitWith(bench, request);
    submitWith(bench, POST);
    await goOn(bench);
    const told = `${request.method} ${request.target.path}`;
    assert.equal(sendsOf(bench, "POST"), posts, told);
  }
});

Deno.test("a change that repeats the newest one overtakes nothing", async () => {
  const bench = heldBenchOf();
  const patch = requestOf("PATCH", { path: "/channels/1", text: "a" });
  const first = submitWith(bench, patch);
  const second = submitWith(bench, patch);
  first.leave();
  submitWith(bench, patch);
  await goOn(bench);
  assert.equal(sendsOf(bench, "PATCH"), 2);
  assert.equal((await second.answer).status, 200);
});

Deno.test("a PUT, PATCH or DELETE that comes after the end of an equal one is sent", async () => {
  for (const method of ["PUT", "PATCH", "DELETE"] as const) {
    const bench = benchOf();
    const request = requestOf(method, { path: ROLE, text: "a" });
    const first = submitWith(bench, request);
    await bench.clock.settle();
    first.leave();
    bench.upstream.next.answer(answerOf(204));
    await bench.clock.settle();
    const second = submitWith(bench, request);
    await bench.clock.settle();
    bench.upstream.next.answer(answerOf(200));
    assert.equal((await second.answer).status, 200, method);
  }
});

Deno.test("an error answer is never given to a second try", async () => {
  for (const status of [301, 400, 403, 404, 429, 500, 502]) {
    const bench = benchOf();
    bench.scheduler.verdictOf = () => "done";
    const first = submitWith(bench, POST);
    await bench.clock.settle();
    first.leave();
    bench.upstream.next.answer(answerOf(status));
    await bench.clock.settle();
    const second = submitWith(bench, POST);
    await bench.clock.settle();
    bench.upstream.next.answer(answerOf(200));
    assert.equal((await second.answer).status, 200, `${status}`);
  }
});

Deno.test("a request with a name neither takes the place of a write without one, nor the other way round", async () => {
  for (const [first, second] of [[undefined, NAMED], [NAMED, undefined]]) {
    const bench = heldBenchOf();
    const { signal, leave } = leaverOf();
    bench.dispatcher.submit(POST, signal, first).answer.catch(() => {});
    leave();
    bench.dispatcher.submit(POST, undefined, second);
    await goOn(bench);
    assert.equal(sendsOf(bench, "POST"), 2);
  }
});

Deno.test("a write with a name is sent whoever leaves, and its caller is answered all the same", async () => {
  const bench = heldBenchOf();
  const request = requestOf("GET");
  const { signal, leave } = leaverOf();
  const { answer } = bench.dispatcher.submit(request, signal, NAMED);
  leave();
  await goOn(bench);
  assert.equal((await answer).status, 200);
});

Deno.test("with an adoption time of 0 every write is one of its own, and a write whose caller left still runs", async () => {
  const bench = benchOf({ adoptMs: 0 });
  bench.scheduler.isHeld = true;
  submitWith(bench, POST).leave();
  const second = submitWith(bench, POST);
  await goOn(bench);
  assert.equal((await second.answer).status, 200);
  assert.equal(sendsOf(bench, "POST"), 2);
});

const CLIENTS: ReadonlyArray<readonly [string, string, number]> = [
  ["key/bot", "key/bot", 1],
  ["key@10.0.0.7", "key@10.0.0.8", 1],
  ["key", "key@10.0.0.8", 1],
  ["key/bot", "key/other", 2],
  ["key/bot", "key@10.0.0.7", 2],
  ["key@10.0.0.7", "key/bot", 2],
  ["other@10.0.0.7", "key@10.0.0.7", 2],
];

for (const [caller, other, sends] of CLIENTS) {
  Deno.test(`an equal write of ${other} after one of ${caller}: ${sends} sent`, async () => {
    const bench = heldBenchOf();
    submitWith(bench, requestOf("POST", { caller, text: "a" })).leave();
    submitWith(bench, requestOf("POST", { caller: other, text: "a" }));
    await goOn(bench);
    assert.equal(sendsOf(bench, "POST"), sends);
  });
}

Deno.test("an equal write with another audit reason is another one", async () => {
  const bench = heldBenchOf();
  const because = (reason: string) =>
    requestOf("POST", {
      text: "a",
      headers: [["x-audit-log-reason", reason]],
    });
  submitWith(bench, because("spam")).leave();
  submitWith(bench, because("raid"));
  await goOn(bench);
  assert.equal(sendsOf(bench, "POST"), 2);
});

Deno.test("an adopter's own deadline is held", async () => {
  const bench = heldBenchOf();
  submitWith(bench, POST).leave();
  await bench.clock.advance(3_000);
  const { clock: { nowMs } } = bench;
  const sinceMs = nowMs();
  submitWith(bench, requestOf("POST", { text: "hello", leaveWithinMs: 500 }));
  const [renewed] = bench.scheduler.renewed;
  assert.equal(renewed?.id, 1);
  assert.deepEqual(renewed.terms, {
    sinceMs,
    deadlineAtMs: sinceMs + 500,
    longestWaitMs: undefined,
  });
  await bench.dispatcher.drain(0);
});

Deno.test("an adopter is refused at its own deadline, one without a deadline waits beyond that of the one before", async () => {
  const queue = queueOf();
  const { dispatcher, clock } = queue;
  // The one before it in its channel is answered by nobody.
  submitWith(queue, requestOf("POST", { text: "first" }));
  await clock.settle();
  submitWith(queue, POST).leave();
  const hasty = submitWith(
    queue,
    requestOf("POST", { text: "hello", leaveWithinMs: 500 }),
  );
  await clock.advance(499);
  assert.equal(await openOrCode(queue, hasty.answer), "open");
  await clock.advance(2);
  assert.equal(await openOrCode(queue, hasty.answer), "deadline");

  submitWith(
    queue,
    requestOf("POST", { text: "again", leaveWithinMs: 500 }),
  ).leave();
  const patient = submitWith(queue, requestOf("POST", { text: "again" }));
  await clock.advance(20_000);
  assert.equal(await openOrCode(queue, patient.answer), "open");
  await dispatcher.drain(0);
});

Deno.test("what came of a POST is kept as long as it may be adopted, and not a moment longer", async () => {
  for (const [afterMs, sends] of [[ADOPT_MS - 1, 1], [ADOPT_MS, 2]] as const) {
    const bench = benchOf();
    const first = submitWith(bench, POST);
    await bench.clock.settle();
    first.leave();
    bench.upstream.next.answer(answerOf(200));
    await bench.clock.advance(afterMs);
    submitWith(bench, POST);
    await bench.clock.settle();
    assert.equal(sendsOf(bench, "POST"), sends);
    await bench.dispatcher.drain(0);
  }
});

function leaverOf(): { signal: AbortSignal; leave: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, leave: () => controller.abort() };
}

async function openOrCode(
  queue: Pick<Bench, "clock">,
  answer: Parameters<typeof endOf>[1],
): Promise<string> {
  const end = await endOf(queue, answer);
  return typeof end === "string" || !("code" in end) ? `${end}` : end.code;
}
