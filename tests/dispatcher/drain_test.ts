import assert from "node:assert/strict";
import { retryAfterMsOf } from "../../rest/domain/refusal_body.ts";
import type { Method } from "../../rest/domain/request.ts";
import {
  answerOf,
  type Bench,
  benchOf,
  BOT,
  bytesOf,
  pipeOf,
  refusalOf,
  requestOf,
  streamOf,
  submitWith,
  textOf,
} from "./_builders.ts";
import { lost, type Send, unsent } from "./_scripted_upstream.ts";

Deno.test("drain() of an idle dispatcher ends at once and closes the upstream", async () => {
  const bench = benchOf();
  assert.ok(bench.dispatcher.isDraining() === false);
  const report = await bench.dispatcher.drain(25_000);
  assert.deepEqual(report, { finished: 0, waiting: 0, inFlight: 0 });
  assert.ok(bench.dispatcher.isDraining());
  assert.ok(bench.upstream.isClosed);
  assert.equal(bench.clock.timerCount, 0);
});

Deno.test("drain() refuses what comes after it, as unsent", async () => {
  const bench = benchOf();
  await bench.dispatcher.drain(0);
  const refusal = await refusalOf(bench.dispatcher.submit(requestOf()).answer);
  assert.equal(refusal.code, "draining");
  assert.ok(refusal.sent === false);
  assert.equal(retryAfterMsOf(refusal), 5_000);
  assert.equal(
    refusal.message,
    "Cannot take the request: the proxy is shutting down; ask again",
  );
  assert.equal(bench.scheduler.asks.length, 0);
});

Deno.test("drain() lets what is queued and in flight go on, and ends with the last", async () => {
  const bench = benchOf();
  const first = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.scheduler.isHeld = true;
  const second = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  const drained = bench.dispatcher.drain(25_000);
  await bench.clock.advance(10_000);
  assert.ok(bench.upstream.isClosed === false);
  bench.scheduler.isHeld = false;
  bench.upstream.next.answer(answerOf(200));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(200));
  assert.deepEqual(await drained, { finished: 2, waiting: 0, inFlight: 0 });
  assert.equal((await first.answer).status, 200);
  assert.equal((await second.answer).status, 200);
  assert.ok(bench.upstream.isClosed);
  assert.equal(bench.clock.timerCount, 0);
});

Deno.test("drain() refuses at its end what waits as unsent, and what is in flight as unknown", async () => {
  const bench = benchOf();
  const flying = bench.dispatcher.submit(requestOf("POST"));
  await bench.clock.settle();
  bench.scheduler.isHeld = true;
  bench.scheduler.wakeAtMs = 60_000;
  const waiting = bench.dispatcher.submit(requestOf("POST"));
  const refusals = [flying, waiting].map(({ answer }) => refusalOf(answer));
  await bench.clock.settle();
  const drained = bench.dispatcher.drain(25_000);
  await bench.clock.advance(24_999);
  assert.ok(bench.upstream.isClosed === false);
  await bench.clock.advance(1);
  assert.deepEqual(await drained, { finished: 0, waiting: 1, inFlight: 1 });
  const [cut, unsent] = await Promise.all(refusals);
  assert.equal(cut?.code, "draining");
  assert.equal(cut.sent, null);
  assert.equal(
    cut.message,
    "Cannot tell how the request ended: the proxy is shutting down and cut it off",
  );
  assert.equal(unsent?.code, "draining");
  assert.ok(unsent.sent === false);
  assert.deepEqual(bench.scheduler.leasedIds, []);
  assert.deepEqual(bench.scheduler.waitingIds, []);
  assert.equal(bench.clock.timerCount, 0);
});

interface LeftOver {
  readonly what: string;
  readonly method: Method;
  /** How its only send ends; undefined: it is in flight still. */
  readonly end?: (send: Send) => void;
  readonly sent: false | null;
}

const LEFT_OVER: readonly LeftOver[] = [
  {
    what: "what waits to be sent again after nothing left",
    method: "POST",
    end: (send) => send.fail(unsent()),
    sent: false,
  },
  {
    what: "what waits out a 429, which did nothing",
    method: "POST",
    end: (send) => send.answer(answerOf(429)),
    sent: false,
  },
  {
    what: "what waits to be repeated after a lost connection",
    method: "PUT",
    end: (send) => send.fail(lost()),
    sent: null,
  },
  {
    what: "what waits to be repeated after a 502",
    method: "DELETE",
    end: (send) => send.answer(answerOf(502)),
    sent: null,
  },
  { what: "what is in flight", method: "POST", sent: null },
];

for (const { what, method, end, sent } of LEFT_OVER) {
  Deno.test(`drain() refuses at its end ${what} with sent: ${sent}, and counts it so`, async () => {
    const bench = benchOf();
    const { answer } = bench.dispatcher.submit(requestOf(method));
    await bench.clock.settle();
    bench.scheduler.isHeld = true;
    end?.(bench.upstream.next);
    await bench.clock.settle();
    const refusal = refusalOf(answer);
    const report = await bench.dispatcher.drain(0);
    assert.equal((await refusal).code, "draining");
    assert.equal((await refusal).sent, sent);
    const isUnsent = sent === false;
    assert.deepEqual(report, {
      finished: 0,
      waiting: isUnsent ? 1 : 0,
      inFlight: isUnsent ? 0 : 1,
    });
    assert.deepEqual(bench.scheduler.waitingIds, []);
    assert.equal(bench.clock.timerCount, 0);
  });
}

Deno.test("drain() does not wait for a token check, which ends with the upstream", async () => {
  const bench = benchOf();
  const { answer } = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(401));
  await answer;
  bench.scheduler.askForTokenCheck(BOT.id);
  const again = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(200));
  assert.equal((await again.answer).status, 200);
  const check = bench.upstream.next;
  assert.equal(check.request.caller, "proxy");
  const report = await bench.dispatcher.drain(25_000);
  assert.deepEqual(report, { finished: 0, waiting: 0, inFlight: 0 });
  await bench.clock.settle();
  assert.ok(check.isOpen === false);
  assert.deepEqual(bench.scheduler.tokenResults, [
    { identityId: BOT.id, isRejected: undefined },
  ]);
  assert.equal(bench.clock.timerCount, 0);
});

Deno.test("drain() tells whoever follows a kept answer that streams, once it breaks", async () => {
  const bench = benchOf();
  const first = submitWith(bench, requestOf("POST", { text: "a" }));
  await bench.clock.settle();
  first.leave();
  const { readable, writable } = pipeOf();
  bench.upstream.next.answer(answerOf(200, { body: readable }));
  await bench.clock.settle();
  const second = submitWith(bench, requestOf("POST", { text: "a" }));
  const drained = bench.dispatcher.drain(25_000);
  await bench.clock.advance(25_000);
  assert.deepEqual(await drained, { finished: 0, waiting: 0, inFlight: 1 });
  await writable.abort();
  const { code, sent } = await refusalOf(second.answer);
  assert.equal(code, "outcome_unknown");
  assert.equal(sent, null);
});

Deno.test("an answer that comes after the drain has given its request up is thrown away", async () => {
  const bench = benchOf();
  const refusal = refusalOf(bench.dispatcher.submit(requestOf()).answer);
  await bench.clock.settle();
  bench.upstream.close = () => Promise.resolve();
  await bench.dispatcher.drain(0);
  const { stream, state } = streamOf([bytesOf("late")]);
  bench.upstream.next.answer(answerOf(200, { body: stream }));
  await bench.clock.settle();
  assert.equal((await refusal).code, "draining");
  assert.ok(state.isCancelled);
  assert.equal(bench.scheduler.settled.length, 1);
});

Deno.test("drain() waits for an answer that is still streaming", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.upstream.next.answer(
    answerOf(200, { body: streamOf([bytesOf("long")]).stream }),
  );
  const answer = await ticket.answer;
  const drained = bench.dispatcher.drain(25_000);
  await bench.clock.advance(1_000);
  assert.ok(bench.upstream.isClosed === false);
  assert.equal(await textOf(answer), "long");
  assert.deepEqual(await drained, { finished: 0, waiting: 0, inFlight: 0 });
});

Deno.test("drain() counts a stream that it cuts off as in flight", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.upstream.next.answer(
    answerOf(200, { body: streamOf([bytesOf("long")]).stream }),
  );
  await ticket.answer;
  const report = await bench.dispatcher.drain(0);
  assert.deepEqual(report, { finished: 0, waiting: 0, inFlight: 1 });
});

Deno.test("drain() goes on trying what may be tried", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  const drained = bench.dispatcher.drain(25_000);
  bench.upstream.next.answer(answerOf(502));
  await bench.clock.advance(200);
  bench.upstream.next.answer(answerOf(200));
  assert.equal((await ticket.answer).status, 200);
  assert.deepEqual(await drained, { finished: 1, waiting: 0, inFlight: 0 });
});

Deno.test("drain() asked twice gives one report", async () => {
  const bench = benchOf();
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  const first = bench.dispatcher.drain(1_000);
  const second = bench.dispatcher.drain(0);
  await bench.clock.advance(1_000);
  assert.equal(await first, await second);
});

Deno.test("drain() still takes what comes while something waits, and tells the scheduler when the proxy ends", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const waiting = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  const drained = bench.dispatcher.drain(25_000);
  assert.equal(bench.scheduler.endsAtMs, bench.clock.nowMs() + 24_500);
  await bench.clock.advance(1_000);
  const late = bench.dispatcher.submit(requestOf());
  bench.scheduler.isHeld = false;
  await bench.clock.settle();
  for (const send of openSends(bench)) send.answer(answerOf(200));
  assert.equal((await waiting.answer).status, 200);
  assert.equal((await late.answer).status, 200);
  assert.deepEqual(await drained, { finished: 2, waiting: 0, inFlight: 0 });
});

Deno.test("drain() closes the way in when nothing waits any more, and waits for what is in flight", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const { answer } = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  let isClosed = false;
  const drained = bench.dispatcher.drain(25_000, () => {
    isClosed = true;
    return Promise.resolve();
  });
  await bench.clock.settle();
  assert.ok(isClosed === false);
  bench.scheduler.isHeld = false;
  bench.dispatcher.submit(requestOf("GET", { path: "/gateway" }));
  await bench.clock.settle();
  assert.ok(isClosed);
  assert.ok(bench.upstream.isClosed === false);
  for (const send of openSends(bench)) send.answer(answerOf(200));
  await answer;
  assert.deepEqual(await drained, { finished: 2, waiting: 0, inFlight: 0 });
});

Deno.test("drain() takes what comes until the way in is closed", async () => {
  const bench = benchOf();
  const { promise, resolve } = Promise.withResolvers<void>();
  const drained = bench.dispatcher.drain(25_000, () => promise);
  await bench.clock.settle();
  const { answer } = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  resolve();
  bench.upstream.next.answer(answerOf(200));
  assert.equal((await answer).status, 200);
  assert.deepEqual(await drained, { finished: 1, waiting: 0, inFlight: 0 });
});

for (const [drainMs, closesAtMs] of [[25_000, 23_000], [1_000, 900]] as const) {
  Deno.test(`drain() of ${drainMs} ms closes the way in after ${closesAtMs} ms where something still waits`, async () => {
    const bench = benchOf();
    bench.scheduler.isHeld = true;
    const refusal = refusalOf(bench.dispatcher.submit(requestOf()).answer);
    await bench.clock.settle();
    let isClosed = false;
    const drained = bench.dispatcher.drain(drainMs, () => {
      isClosed = true;
      return Promise.resolve();
    });
    await bench.clock.advance(closesAtMs - 1);
    assert.ok(isClosed === false);
    await bench.clock.advance(1);
    assert.ok(isClosed);
    await bench.clock.advance(drainMs - closesAtMs);
    assert.deepEqual(await drained, { finished: 0, waiting: 1, inFlight: 0 });
    assert.ok((await refusal).sent === false);
  });
}

for (
  const [drainMs, closesAtMs] of [[25_000, 20_000], [3_000, 1_500]] as const
) {
  Deno.test(`drain() of ${drainMs} ms closes a way in that is held outside after ${closesAtMs} ms, so that who came before has time to wait`, async () => {
    const bench = benchOf();
    bench.scheduler.isHeld = true;
    const { answer } = bench.dispatcher.submit(requestOf());
    await bench.clock.settle();
    let isClosed = false;
    const close = () => {
      isClosed = true;
      return Promise.resolve();
    };
    const drained = bench.dispatcher.drain(drainMs, close, {
      isHeldOutside: true,
    });
    await bench.clock.advance(closesAtMs - 1);
    assert.ok(isClosed === false);
    await bench.clock.advance(1);
    assert.ok(isClosed);
    bench.scheduler.isHeld = false;
    bench.dispatcher.submit(requestOf("GET", { path: "/gateway" }));
    await bench.clock.settle();
    for (const send of openSends(bench)) send.answer(answerOf(200));
    assert.equal((await answer).status, 200);
    assert.deepEqual(await drained, { finished: 2, waiting: 0, inFlight: 0 });
  });
}

Deno.test("drain() sends nothing in its last half second: it would be cut off without its answer", async () => {
  for (const [lateMs, sends] of [[1, 0], [-1, 1]] as const) {
    const bench = benchOf();
    bench.scheduler.isHeld = true;
    const refusal = refusalOf(bench.dispatcher.submit(requestOf()).answer);
    await bench.clock.settle();
    const drained = bench.dispatcher.drain(25_000);
    await bench.clock.advance(24_500 + lateMs);
    bench.scheduler.isHeld = false;
    // Something that happens has the scheduler asked.
    bench.dispatcher.submit(requestOf()).answer.catch(() => {});
    await bench.clock.settle();
    assert.equal(bench.upstream.sends.length > 0 ? 1 : 0, sends);
    await bench.clock.advance(1_000);
    assert.equal((await refusal).sent, sends === 0 ? false : null);
    await drained;
  }
});

function openSends({ upstream }: Bench): readonly Send[] {
  return upstream.sends.filter(({ isOpen }) => isOpen);
}
