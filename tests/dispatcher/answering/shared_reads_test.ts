import assert from "node:assert/strict";
import { SHARED_BYTES_MAX } from "../../../rest/dispatcher/answering/share_answer.ts";
import type { ProxyRequest } from "../../../rest/domain/request.ts";
import {
  answerOf,
  type Bench,
  benchOf,
  bytesOf,
  endOf,
  pipeOf,
  refusalOf,
  requestOf,
  streamOf,
  submitWith,
  textOf,
} from "../_builders.ts";

function heldBench(): Bench {
  const bench = benchOf({ isSingleFlight: true });
  bench.scheduler.isHeld = true;
  return bench;
}

/** Lets the scheduler lease what waits. */
async function release(bench: Bench): Promise<void> {
  bench.scheduler.isHeld = false;
  bench.dispatcher.submit(requestOf("POST")).cancel();
  await bench.clock.settle();
}

Deno.test("identical reads that wait are sent once and answered all", async () => {
  const bench = heldBench();
  const tickets = [1, 2, 3].map(() => bench.dispatcher.submit(requestOf()));
  await release(bench);
  assert.equal(bench.upstream.sends.length, 1);
  bench.upstream.next.answer(answerOf(200, { text: "one" }));
  for (const { answer } of tickets) {
    assert.equal(await textOf(await answer), "one");
  }
  assert.equal(bench.facts.filter(({ kind }) => kind === "joined").length, 2);
  assert.equal(bench.facts.filter(({ kind }) => kind === "answered").length, 1);
});

Deno.test("a read that has left is not joined", async () => {
  const bench = benchOf({ isSingleFlight: true });
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 2);
  await bench.dispatcher.drain(0);
});

Deno.test("reads are sent each for itself while single flight is off", async () => {
  const bench = benchOf();
  bench.dispatcher.submit(requestOf());
  bench.dispatcher.submit(requestOf());
  assert.equal(bench.scheduler.asks.length, 2);
  await bench.dispatcher.drain(0);
});

const OTHERS: ReadonlyArray<readonly [string, ProxyRequest]> = [
  ["another path", requestOf("GET", { path: "/channels/2/messages" })],
  [
    "another query",
    requestOf("GET", {
      target: { version: 10, path: "/channels/1/messages", query: "?limit=1" },
    }),
  ],
  [
    "another version",
    requestOf("GET", {
      target: { version: 9, path: "/channels/1/messages", query: "" },
    }),
  ],
  [
    "another header",
    requestOf("GET", { headers: [["accept-language", "de"]] }),
  ],
  [
    "another identity",
    requestOf("GET", {
      identity: {
        id: "none",
        kind: "none",
        authorization: undefined,
        isOwn: false,
      },
    }),
  ],
  ["a deadline of its own", requestOf("GET", { leaveWithinMs: 1_000 })],
  ["a body", requestOf("GET", { text: "x" })],
  ["another method", requestOf("DELETE")],
];

Deno.test("a read that differs in anything that counts joins nothing", async () => {
  for (const [difference, request] of OTHERS) {
    const bench = heldBench();
    bench.dispatcher.submit(requestOf());
    bench.dispatcher.submit(request);
    assert.equal(bench.scheduler.asks.length, 2, difference);
    await bench.dispatcher.drain(0);
  }
});

Deno.test("a joined read is as urgent as the most urgent who waits", async () => {
  const bench = heldBench();
  for (const urgency of [3, 5, 1, 2, 0] as const) {
    bench.dispatcher.submit(requestOf("GET", { urgency }));
  }
  assert.deepEqual(bench.scheduler.urged, [
    { id: 1, urgency: 1 },
    { id: 1, urgency: 0 },
  ]);
  await bench.dispatcher.drain(0);
});

Deno.test("a joined read is dropped when the last caller has left, not before", async () => {
  const bench = heldBench();
  const leaving = submitWith(bench, requestOf());
  const cancelling = bench.dispatcher.submit(requestOf());
  leaving.leave();
  assert.ok((await refusalOf(leaving.answer)).sent === false);
  assert.deepEqual(bench.scheduler.waitingIds, [1]);
  assert.equal(cancelling.cancel(), "cancelled");
  assert.equal((await refusalOf(cancelling.answer)).code, "cancelled");
  assert.deepEqual(bench.scheduler.waitingIds, []);

  bench.dispatcher.submit(requestOf());
  assert.equal(bench.scheduler.asks.length, 2);
  await bench.dispatcher.drain(0);
});

Deno.test("a caller that cancels leaves the others their answer", async () => {
  const bench = heldBench();
  const staying = bench.dispatcher.submit(requestOf());
  const cancelling = bench.dispatcher.submit(requestOf());
  assert.equal(cancelling.cancel(), "cancelled");
  assert.ok((await refusalOf(cancelling.answer)).sent === false);
  await release(bench);
  bench.upstream.next.answer(answerOf(200));
  assert.equal((await staying.answer).status, 200);
});

Deno.test("a caller that leaves in flight leaves the others their answer", async () => {
  const bench = heldBench();
  const staying = bench.dispatcher.submit(requestOf());
  const leaving = submitWith(bench, requestOf());
  await release(bench);
  leaving.leave();
  assert.equal((await refusalOf(leaving.answer)).sent, null);
  const { stream } = streamOf([bytesOf("whole")]);
  bench.upstream.next.answer(answerOf(200, { body: stream }));
  assert.equal(await textOf(await staying.answer), "whole");
});

Deno.test("a streamed answer up to 1 MiB is shared", async () => {
  const bench = heldBench();
  const tickets = [1, 2].map(() => bench.dispatcher.submit(requestOf()));
  await release(bench);
  const { stream } = streamOf([new Uint8Array(SHARED_BYTES_MAX)]);
  bench.upstream.next.answer(answerOf(200, { body: stream }));
  for (const { answer } of tickets) {
    const { body } = await answer;
    assert.ok(body instanceof Uint8Array);
    assert.equal(body.byteLength, SHARED_BYTES_MAX);
  }
});

Deno.test("a larger streamed answer is the first caller's, and the others ask for themselves", async () => {
  const bench = heldBench();
  const [first, second] = [1, 2].map(() =>
    bench.dispatcher.submit(requestOf())
  );
  assert.ok(first !== undefined && second !== undefined);
  await release(bench);
  const chunk = new Uint8Array(SHARED_BYTES_MAX);
  const { stream } = streamOf([chunk, bytesOf("end")]);
  bench.upstream.next.answer(answerOf(200, { body: stream }));
  const { body } = await first.answer;
  assert.equal(
    (await new Response(body ?? null).bytes()).byteLength,
    SHARED_BYTES_MAX + 3,
  );
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 2);
  bench.upstream.next.answer(answerOf(200, { text: "own" }));
  assert.equal(await textOf(await second.answer), "own");
});

Deno.test("a shared stream that breaks is asked for again by each", async () => {
  const bench = heldBench();
  const tickets = [1, 2].map(() => bench.dispatcher.submit(requestOf()));
  await release(bench);
  const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.error(new Error("reset")),
  });
  bench.upstream.next.answer(answerOf(200, { body: broken }));
  await bench.clock.settle();
  assert.equal(bench.scheduler.asks.length, 4);
  bench.upstream.next.answer(answerOf(200));
  bench.upstream.next.answer(answerOf(200));
  for (const { answer } of tickets) assert.equal((await answer).status, 200);
});

Deno.test("what a shared answer could not reach is not asked for again during a drain", async () => {
  const bench = heldBench();
  const tickets = [1, 2].map(() => bench.dispatcher.submit(requestOf()));
  await release(bench);
  const drained = bench.dispatcher.drain(1_000);
  const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.error(new Error("reset")),
  });
  bench.upstream.next.answer(answerOf(200, { body: broken }));
  for (const { answer } of tickets) {
    const refusal = await refusalOf(answer);
    assert.equal(refusal.code, "draining");
    assert.equal(refusal.sent, null);
  }
  await drained;
});

Deno.test("callers that leave while a shared answer is read do not hold it up", async () => {
  const bench = heldBench();
  const leaving = submitWith(bench, requestOf());
  const staying = bench.dispatcher.submit(requestOf());
  await release(bench);
  const { readable, writable } = pipeOf();
  bench.upstream.next.answer(answerOf(200, { body: readable }));
  assert.equal(await endOf(bench, staying.answer), "open");
  leaving.leave();
  assert.equal((await refusalOf(leaving.answer)).code, "cancelled");
  const writer = writable.getWriter();
  writer.write(new Uint8Array(SHARED_BYTES_MAX + 1));
  await bench.clock.settle();
  const { body } = await staying.answer;
  writer.close();
  assert.equal(
    (await new Response(body ?? null).bytes()).byteLength,
    SHARED_BYTES_MAX + 1,
  );
});
