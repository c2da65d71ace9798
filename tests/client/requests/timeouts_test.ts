import assert from "node:assert/strict";
import {
  RepError,
  RepLimitError,
  type RequestOptions,
} from "../../../client/mod.ts";
import { failureOf, readyRigOf, rigOf } from "../_rig.ts";

/** A rig with a request on its way that can be aborted, and the replies nobody waited for. */
async function sentRig(options: RequestOptions = {}) {
  const rig = await readyRigOf();
  const missed: unknown[] = [];
  rig.client.on("missed", (reply) => void missed.push(reply));
  const abort = new AbortController();
  const { signal } = abort;
  const done = rig.client.action("/x", { ...options, signal });
  return { rig, abort, done, frame: rig.sent(), missed };
}

Deno.test("D1: aborting a sent request rejects at once and asks the proxy to cancel it", async () => {
  const { rig, abort, done } = await sentRig({ req: "b-10" });
  abort.abort();
  await assert.rejects(done, { name: "AbortError" });
  assert.deepEqual(rig.socket.control("cancel"), [{
    target: "/_rep/cancel",
    method: "ACTION",
    data: { req: "b-10" },
  }]);
  await rig.client.close();
});

Deno.test("the late reply of an aborted request is neither missed nor left unacknowledged", async () => {
  const { rig, abort, done, frame, missed } = await sentRig();
  abort.abort("enough");
  assert.equal(await done.catch((reason) => reason), "enough");
  assert.equal(rig.client.inFlight, 1);
  rig.socket.say({
    ...frame,
    method: "REPLY",
    data: { status: 499, error: { code: "cancelled", sent: false } },
    seq: 1,
  });
  assert.equal(rig.client.inFlight, 0);
  await rig.clock.advance(200);
  assert.deepEqual(missed, []);
  assert.equal(rig.client.lastSeq, 1);
  await rig.client.close();
});

Deno.test("the reply to an aborted request is recognised after a reconnect, too", async () => {
  const { rig, abort, done, frame, missed } = await sentRig();
  abort.abort();
  await assert.rejects(done);
  rig.socket.end();
  await rig.reconnect({ resumed: true, redeliver: 1, seq: 1 });
  assert.equal(rig.socket.requests.length, 0);
  rig.answer(frame, 1, { seq: 1, meta: { redelivered: true } });
  await rig.clock.settle();
  assert.deepEqual(missed, []);
  await rig.client.close();
});

Deno.test("aborting a request that still waits here sends nothing at all", async () => {
  const rig = rigOf();
  const abort = new AbortController();
  const done = rig.client.get("/x", { signal: abort.signal });
  abort.abort();
  await assert.rejects(done, { name: "AbortError" });
  await rig.authenticate();
  assert.equal(rig.socket.requests.length, 0);
  assert.equal(rig.socket.control("cancel").length, 0);
  assert.equal(rig.client.pending, 0);
  await rig.client.close();
});

Deno.test("a signal that was aborted before rejects without sending", async () => {
  const rig = await readyRigOf();
  await assert.rejects(
    rig.client.get("/x", { signal: AbortSignal.abort() }),
    { name: "AbortError" },
  );
  assert.equal(rig.socket.requests.length, 0);
  await rig.client.close();
});

Deno.test("an abort after the reply does nothing", async () => {
  const rig = await readyRigOf();
  const abort = new AbortController();
  const done = rig.client.get("/x", { signal: abort.signal });
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  abort.abort();
  assert.equal(rig.socket.control("cancel").length, 0);
  await rig.client.close();
});

Deno.test("D2: a request that could not be sent in time rejects with deadline, certainly unsent", async () => {
  const rig = rigOf();
  const done = failureOf(
    rig.client.get("/x", { timeoutMs: 3_000 }),
    RepLimitError,
  );
  await rig.clock.advance(2_999);
  assert.equal(rig.client.pending, 1);
  await rig.clock.advance(1);
  const error = await done;
  assert.deepEqual([error.code, error.sent], ["deadline", false]);
  assert.equal(error.message, "Could not send GET /x within its timeoutMs");
  await rig.authenticate();
  assert.equal(rig.socket.requests.length, 0);
  await rig.client.close();
});

Deno.test("D2: the frame carries the time that is left until the deadline", async () => {
  const rig = rigOf();
  const done = rig.client.get("/x", { timeoutMs: 3_000 });
  await rig.clock.advance(1_000);
  await rig.authenticate();
  assert.deepEqual(rig.sent().opts, { timeout: 2_000 });
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});

Deno.test("D2: past its deadline a sent request is still waited for: the proxy decides", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x", { timeoutMs: 3_000 });
  await rig.clock.advance(5_000);
  rig.socket.end();
  await rig.reconnect();
  assert.deepEqual(rig.sent().opts, { timeout: 1 });
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});

Deno.test("the proxy's own deadline reply rejects with its code", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x", { timeoutMs: 3_000 });
  rig.refuse(rig.sent(), 429, { code: "deadline", sent: false });
  const error = await failureOf(done, RepError);
  assert.deepEqual([error.code, error.sent], ["deadline", false]);
  await rig.client.close();
});

Deno.test("without any answer a request ends after its deadline and 30 s, or after 300 s", async () => {
  const rig = await readyRigOf({ shouldRetry: () => true });
  const short = failureOf(
    rig.client.get("/short", { timeoutMs: 3_000 }),
    RepLimitError,
  );
  const long = failureOf(rig.client.get("/long"), RepLimitError);
  const own = failureOf(
    rig.client.get("/own", { answerWithinMs: 500 }),
    RepLimitError,
  );
  await rig.clock.advance(500);
  const error = await own;
  assert.deepEqual([error.code, error.sent], ["no_answer", null]);
  assert.equal(
    error.message,
    "No answer to GET /own within its answerWithinMs",
  );
  assert.deepEqual(rig.socket.control("cancel").map(({ data }) => data), [
    { req: rig.sent(2).req },
  ]);
  await keepAlive(32_499);
  assert.equal(rig.client.pending, 2);
  await keepAlive(1);
  assert.equal((await short).code, "no_answer");
  await keepAlive(300_000 - 33_000 - 1);
  assert.equal(rig.client.pending, 1);
  await keepAlive(1);
  assert.equal((await long).code, "no_answer");
  await rig.client.close();
  assert.equal(rig.clock.timerCount, 0);

  async function keepAlive(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 15_000) {
      await rig.clock.advance(Math.min(left, 15_000));
      rig.socket.say("PONG");
    }
  }
});

Deno.test("a request that was never sent ends after 300 s without a connection, certainly unsent", async () => {
  const rig = rigOf({ retryWaitMs: () => 1_000 });
  const done = failureOf(rig.client.action("/x"), RepLimitError);
  await rig.clock.advance(300_000);
  assert.deepEqual([(await done).code, (await done).sent], [
    "no_answer",
    false,
  ]);
  await rig.client.close();
});

Deno.test("a notification that could not be sent in time is dropped", async () => {
  const rig = rigOf();
  rig.client.notify("ACTION", "/x", { timeoutMs: 1_000 });
  await rig.clock.advance(1_000);
  await rig.authenticate();
  assert.equal(rig.socket.requests.length, 0);
  await rig.client.close();
});
