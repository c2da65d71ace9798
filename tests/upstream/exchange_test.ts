import assert from "node:assert/strict";
import type { Answer } from "../../rest/domain/answer.ts";
import { Exchange } from "../../rest/upstream/exchange.ts";
import { Timeouts } from "../../rest/upstream/timeouts.ts";
import { bytesOf, failureOf } from "./_builders.ts";

const KIB = 1024;
const TICKS = { queued: 1, headers: 2, body: 3, reader: 4 };

/** An exchange with the test in undici's place. */
function benchOf() {
  const timeouts = new Timeouts(1_000);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const exchange = new Exchange(TICKS, timeouts, { resolve, reject });
  const controller = {
    aborted: false,
    paused: false,
    reason: null,
    rawHeaders: [] as string[],
    abort() {
      controller.aborted = true;
      exchange.onResponseError(controller, new Error("aborted"));
    },
    pause() {
      controller.paused = true;
    },
    resume() {
      controller.paused = false;
    },
  };
  return {
    exchange,
    controller,
    answer: promise,
    timeouts,
    /** As far as the headers of an answer. */
    answering(status: number, length?: number) {
      exchange.onRequestStart(controller);
      exchange.onResponseStart(
        controller,
        status,
        length === undefined ? {} : { "content-length": String(length) },
      );
    },
    data(bytes: number) {
      exchange.onResponseData(controller, new Uint8Array(bytes).fill(7));
    },
  };
}

Deno.test("an answer is held whole up to 64 KiB, an error up to 1 MiB, and streams above", async () => {
  const cases = [
    [200, 64 * KIB - 1, "held"],
    [200, 64 * KIB, "held"],
    [200, 64 * KIB + 1, "stream"],
    [302, 64 * KIB + 1, "stream"],
    [400, 64 * KIB + 1, "held"],
    [503, 1024 * KIB, "held"],
    [503, 1024 * KIB + 1, "stream"],
  ] as const;
  for (const isLengthTold of [true, false]) {
    for (const [status, size, kind] of cases) {
      const { answering, data, exchange, answer, timeouts } = benchOf();
      answering(status, isLengthTold ? size : undefined);
      for (let left = size; left > 0; left -= 16 * KIB) {
        data(Math.min(left, 16 * KIB));
      }
      exchange.onResponseEnd();
      const { body } = await answer;
      const about = `${status}, ${size} bytes, length told: ${isLengthTold}`;
      assert.equal(body instanceof Uint8Array, kind === "held", about);
      assert.equal((await bytesOf(await answer)).length, size, about);
      assert.equal(timeouts.size, 0);
      timeouts.stop();
    }
  }
});

Deno.test("a large answer is handed over with its headers, before its body", async () => {
  const { answering, answer, timeouts } = benchOf();
  answering(200, 64 * KIB + 1);
  assert.ok((await answer).body instanceof ReadableStream);
  timeouts.stop();
});

Deno.test("204 and 304 have no body, an empty answer has an empty one", async () => {
  for (const status of [204, 304]) {
    const { answering, exchange, answer, timeouts } = benchOf();
    answering(status, 7);
    exchange.onResponseEnd();
    const { headers, body } = await answer;
    assert.deepEqual([headers, body], [[], undefined]);
    timeouts.stop();
  }
  const { answering, exchange, answer, timeouts } = benchOf();
  answering(200, 0);
  exchange.onResponseEnd();
  assert.deepEqual((await answer).body, new Uint8Array(0));
  timeouts.stop();
});

Deno.test("a stream nobody reads stops its source at 256 KiB, and reading moves it on", async () => {
  const { answering, data, controller, exchange, answer, timeouts } = benchOf();
  answering(200, 1024 * KIB);
  const { body } = await answer;
  assert.ok(body instanceof ReadableStream);
  let ahead = 0;
  while (!controller.paused) {
    data(32 * KIB);
    ahead += 32 * KIB;
  }
  assert.equal(ahead, 256 * KIB);
  assert.equal(exchange.ticksLeft, TICKS.reader);

  const reader = body.getReader();
  await reader.read();
  assert.ok(!controller.paused);
  assert.equal(exchange.ticksLeft, TICKS.body);
  await reader.cancel();
  timeouts.stop();
});

Deno.test("a chunk that is kept is a copy: undici's read buffer may be used again", async () => {
  for (const length of [4, 64 * KIB + 1]) {
    const { answering, controller, exchange, answer, timeouts } = benchOf();
    answering(200, length);
    const chunk = Uint8Array.of(1, 2, 3, 4);
    exchange.onResponseData(controller, chunk);
    chunk.fill(0);
    exchange.onResponseEnd();
    assert.deepEqual([...await bytesOf(await answer)], [1, 2, 3, 4]);
    timeouts.stop();
  }
});

Deno.test("a cancelled stream ends its connection, once", async () => {
  const { answering, data, controller, exchange, answer, timeouts } = benchOf();
  answering(200, 64 * KIB + 1);
  const { body } = await answer;
  assert.ok(body instanceof ReadableStream);
  await body.cancel();
  assert.ok(controller.aborted);
  assert.equal(timeouts.size, 0);
  // What undici still has to say is not heard.
  data(KIB);
  exchange.onResponseEnd();
  exchange.onResponseError(controller, new Error("late"));
  timeouts.stop();
});

Deno.test("informational answers are none and buy no time", async () => {
  const { controller, exchange, answer, timeouts } = benchOf();
  exchange.onRequestStart(controller);
  exchange.ticksLeft--;
  exchange.onResponseStart(controller, 103, { link: "x" });
  assert.equal(exchange.ticksLeft, TICKS.headers - 1);
  exchange.onResponseStart(controller, 200, {});
  exchange.onResponseEnd();
  const { status, headers } = await answer;
  assert.deepEqual([status, headers], [200, []]);
  timeouts.stop();
});

Deno.test("a held body has its time in all, a stream from chunk to chunk", async () => {
  const held = benchOf();
  held.answering(200);
  held.exchange.ticksLeft--;
  held.data(1);
  assert.equal(held.exchange.ticksLeft, TICKS.body - 1);
  held.exchange.onResponseEnd();

  const streamed = benchOf();
  streamed.answering(200, 64 * KIB + 1);
  streamed.exchange.ticksLeft--;
  streamed.data(1);
  assert.equal(streamed.exchange.ticksLeft, TICKS.body);
  const { body } = await streamed.answer;
  await (body as ReadableStream).cancel();
  held.timeouts.stop();
  streamed.timeouts.stop();
});

Deno.test("every phase has a time-out of its own name, and only the first left nothing behind", async () => {
  type Bench = ReturnType<typeof benchOf>;
  const start = ({ exchange, controller }: Bench) =>
    exchange.onRequestStart(controller);
  const phases: [string, boolean, (bench: Bench) => void][] = [
    ["CONNECTION_TIMEOUT", false, () => {}],
    ["HEADERS_TIMEOUT", true, start],
    ["BODY_TIMEOUT", true, ({ answering }) => answering(200)],
  ];
  for (const [code, mayHaveArrived, reach] of phases) {
    const bench = benchOf();
    reach(bench);
    bench.exchange.expire();
    const failure = await failureOf(bench.answer);
    assert.deepEqual(
      [failure.code, failure.isTimeout, failure.mayHaveArrived],
      [code, true, mayHaveArrived],
    );
    assert.equal(bench.controller.aborted, mayHaveArrived);
    assert.equal(bench.timeouts.size, 0);
    bench.timeouts.stop();
  }
});

Deno.test("a stream that stalls or is not read fails with a time-out", async () => {
  for (const [bytes, code] of [[1, "BODY_TIMEOUT"], [300, "READER_TIMEOUT"]]) {
    const { answering, data, exchange, answer, timeouts } = benchOf();
    answering(200, 1024 * KIB);
    data(Number(bytes) * KIB);
    exchange.expire();
    const failure = await failureOf(bytesOf(await answer));
    assert.equal(failure.code, code);
    timeouts.stop();
  }
});

Deno.test("a request that was given up, or is on its way, is never handed to a socket", async () => {
  const givenUp = benchOf();
  givenUp.exchange.expire();
  await failureOf(givenUp.answer);
  assert.throws(() => givenUp.exchange.onRequestStart(givenUp.controller));

  const underWay = benchOf();
  underWay.exchange.onRequestStart(underWay.controller);
  assert.throws(() => underWay.exchange.onRequestStart(underWay.controller));
  underWay.exchange.expire();
  await failureOf(underWay.answer);
  givenUp.timeouts.stop();
  underWay.timeouts.stop();
});

Deno.test("an answer tells when its request was put on a connection", async () => {
  const { answering, exchange, answer, timeouts } = benchOf();
  const beforeMs = performance.now();
  answering(200);
  const afterMs = performance.now();
  exchange.onResponseEnd();
  const { sentAtMs = 0 } = await answer;
  assert.ok(beforeMs <= sentAtMs && sentAtMs <= afterMs);
  timeouts.stop();
});
