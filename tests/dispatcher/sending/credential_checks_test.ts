import assert from "node:assert/strict";
import {
  answerOf,
  benchOf,
  BOT,
  bytesOf,
  requestOf,
  streamOf,
} from "../_builders.ts";
import { lost } from "../_scripted_upstream.ts";

/** A bench whose scheduler doubts the bot's token. */
async function doubtingBench() {
  const bench = benchOf();
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(401));
  bench.scheduler.askForTokenCheck("bot:1");
  await bench.clock.settle();
  return bench;
}

Deno.test("a doubted token is checked past the queue with GET /users/@me", async () => {
  const bench = await doubtingBench();
  const { request } = bench.upstream.next;
  assert.equal(request.method, "GET");
  assert.deepEqual(request.target, {
    version: 10,
    path: "/users/@me",
    query: "",
  });
  assert.equal(request.identity, BOT);
  assert.equal(bench.scheduler.asks.length, 1);
  bench.upstream.next.answer(answerOf(200));
  await bench.clock.settle();
});

// The last column is what the scheduler is told: rejected or not, or no verdict.
const RESULTS: ReadonlyArray<readonly [number, boolean | undefined]> = [
  [401, true],
  [200, false],
  [403, undefined],
  [429, undefined],
  [500, undefined],
];

Deno.test("only a 401 of the check rejects a token, and only a 200 clears it", async () => {
  for (const [status, isRejected] of RESULTS) {
    const bench = await doubtingBench();
    const { stream, state } = streamOf([bytesOf("{}")]);
    bench.upstream.next.answer(answerOf(status, { body: stream }));
    await bench.clock.settle();
    assert.deepEqual(
      bench.scheduler.tokenResults,
      [{ identityId: "bot:1", isRejected }],
      `${status}`,
    );
    assert.ok(state.isCancelled);
  }
});

Deno.test("a check without an answer is no verdict", async () => {
  const bench = await doubtingBench();
  bench.upstream.next.fail(lost());
  await bench.clock.settle();
  assert.deepEqual(
    bench.scheduler.tokenResults,
    [{ identityId: "bot:1", isRejected: undefined }],
  );
});

Deno.test("a check of an identity nobody has used is no verdict", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  bench.scheduler.askForTokenCheck("bot:7");
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  assert.deepEqual(
    bench.scheduler.tokenResults,
    [{ identityId: "bot:7", isRejected: undefined }],
  );
  await bench.dispatcher.drain(0);
});
