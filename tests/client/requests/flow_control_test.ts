import assert from "node:assert/strict";
import { RepLimitError } from "../../../client/mod.ts";
import { failureOf, readyRigOf, rigOf } from "../_rig.ts";

Deno.test("F2: at most maxInFlight requests are unanswered, the next waits here for a reply", async () => {
  const rig = await readyRigOf({}, { limits: { maxInFlight: 2 } });
  const done = [1, 2, 3, 4].map((n) => rig.client.get(`/${n}`));
  assert.equal(rig.socket.requests.length, 2);
  assert.equal(rig.client.inFlight, 2);
  assert.equal(rig.client.pending, 4);
  rig.answer(rig.sent(1), 2);
  assert.deepEqual(rig.socket.requests.map(({ target }) => target), [
    "/1",
    "/2",
    "/3",
  ]);
  rig.answer(rig.sent(0), 1);
  rig.answer(rig.sent(2), 3);
  rig.answer(rig.sent(3), 4);
  assert.deepEqual(await Promise.all(done), [1, 2, 3, 4]);
  await rig.client.close();
});

Deno.test("backpressure is emitted when requests begin and cease to wait for the server", async () => {
  const rig = await readyRigOf({}, { limits: { maxInFlight: 1 } });
  const one = rig.client.get("/1");
  assert.deepEqual(rig.told("backpressure"), []);
  const two = rig.client.get("/2");
  assert.deepEqual(rig.told("backpressure"), [["backpressure", true]]);
  rig.answer(rig.sent());
  assert.deepEqual(rig.told("backpressure").at(-1), ["backpressure", false]);
  rig.answer(rig.sent());
  await Promise.all([one, two]);
  await rig.client.close();
});

Deno.test("above 4 MiB in the socket's buffer requests wait, and the buffer is read every 25 ms", async () => {
  const rig = await readyRigOf();
  rig.socket.bufferedAmount = 4 * 1024 * 1024;
  const one = rig.client.get("/at the mark");
  assert.equal(rig.socket.requests.length, 1);
  rig.socket.bufferedAmount += 1;
  const two = rig.client.get("/above it");
  await rig.clock.advance(100);
  assert.equal(rig.socket.requests.length, 1);
  assert.equal(rig.client.bufferedAmount, 4 * 1024 * 1024 + 1);
  assert.deepEqual(rig.told("backpressure"), [["backpressure", true]]);
  rig.socket.bufferedAmount = 0;
  await rig.clock.advance(25);
  assert.equal(rig.socket.requests.length, 2);
  rig.answer(rig.sent(0));
  rig.answer(rig.sent(1));
  await Promise.all([one, two]);
  await rig.client.close();
});

Deno.test("an unanswered abort still counts against maxInFlight, as it does at the proxy", async () => {
  const rig = await readyRigOf({}, { limits: { maxInFlight: 1 } });
  const abort = new AbortController();
  const aborted = rig.client.get("/1", { signal: abort.signal });
  const next = rig.client.get("/2");
  const first = rig.sent();
  abort.abort();
  await assert.rejects(aborted);
  assert.equal(rig.socket.requests.length, 1);
  rig.refuse(first, 499, { code: "cancelled", sent: false });
  rig.answer(rig.sent(), 2);
  assert.equal(await next, 2);
  await rig.client.close();
});

Deno.test("highWaterMark bounds the requests that wait here: one below fits, one above rejects unsent", async () => {
  const rig = rigOf({ highWaterMark: 2 });
  const waiting = [rig.client.get("/1"), rig.client.get("/2")];
  const error = await failureOf(rig.client.get("/3"), RepLimitError);
  assert.deepEqual([error.code, error.sent], ["queue_full", false]);
  assert.match(
    error.message,
    /^2 requests \(\d+ bytes\) wait in this process, limit 2 /,
  );
  assert.throws(() => rig.client.notify("ACTION", "/4"), RepLimitError);
  await rig.authenticate();
  for (const frame of rig.socket.requests) rig.answer(frame);
  await Promise.all(waiting);
  await rig.client.close();
});

Deno.test("highWaterMarkBytes counts bodies and files", async () => {
  const rig = rigOf({ highWaterMarkBytes: 1_000 });
  const big = rig.client.action("/1", {
    files: [{ name: "a", bytes: new Uint8Array(1_000) }],
  });
  assert.equal(
    (await failureOf(rig.client.get("/2"), RepLimitError)).code,
    "queue_full",
  );
  await rig.authenticate();
  const next = rig.client.get("/3");
  for (const target of ["/1", "/3"]) {
    const frames = [...rig.socket.sent].map((data) =>
      typeof data === "string" ? data : new TextDecoder().decode(data)
    );
    const req = frames.find((text) => text.includes(`"${target}"`))
      ?.match(/"req":"([^"]+)"/)?.[1];
    rig.socket.say({ method: "REPLY", req, data: { status: 200, data: 1 } });
  }
  await Promise.all([big, next]);
  await rig.client.close();
});

Deno.test("an aborted request no longer counts against highWaterMark", async () => {
  const rig = rigOf({ highWaterMark: 1 });
  for (let round = 0; round < 300; round += 1) {
    const abort = new AbortController();
    const done = rig.client.get("/x", { signal: abort.signal });
    abort.abort();
    await assert.rejects(done, { name: "AbortError" });
  }
  const last = rig.client.get("/last");
  await rig.authenticate();
  assert.deepEqual(rig.socket.requests.map(({ target }) => target), ["/last"]);
  rig.answer(rig.sent());
  await last;
  await rig.client.close();
});

Deno.test("queue: false rejects rather than wait, and sends when there is room", async () => {
  const rig = rigOf();
  const early = await failureOf(
    rig.client.get("/x", { queue: false }),
    RepLimitError,
  );
  assert.deepEqual([early.code, early.sent], ["would_wait", false]);
  await rig.authenticate({ limits: { maxInFlight: 1 } });
  const now = rig.client.get("/y", { queue: false });
  await assert.rejects(rig.client.get("/z", { queue: false }), RepLimitError);
  rig.answer(rig.sent(), 1);
  assert.equal(await now, 1);
  await rig.client.close();
});

Deno.test("a frame above maxPayload rejects here and never costs the connection", async () => {
  const rig = await readyRigOf({}, { limits: { maxPayload: 200 } });
  const overhead = '{"target":"/x","method":"ACTION","data":"","req":"r"}'
    .length;
  const at = rig.client.action("/x", {
    req: "r",
    data: "ü".repeat((200 - overhead) / 2 | 0),
  });
  assert.equal(rig.socket.requests.length, 1);
  const above = await failureOf(
    rig.client.action("/x", {
      req: "s",
      data: "ü".repeat(((200 - overhead) / 2 | 0) + 1),
    }),
    RepLimitError,
  );
  assert.deepEqual([above.code, above.sent], ["too_large", false]);
  assert.equal(rig.socket.requests.length, 1);
  rig.answer(rig.sent());
  await at;
  await rig.client.close();
});

Deno.test("idle() resolves when no request waits and none is in flight", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x");
  let isIdle = false;
  void rig.client.idle().then(() => isIdle = true);
  await rig.clock.settle();
  assert.ok(!isIdle);
  rig.answer(rig.sent());
  await done;
  await rig.clock.settle();
  assert.ok(isIdle);
  await rig.client.close();
});

Deno.test("drain() resolves with whether every request was settled in time", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x");
  const tooShort = rig.client.drain(1_000);
  await rig.clock.advance(1_000);
  assert.ok(!(await tooShort));
  const enough = rig.client.drain(1_000);
  rig.answer(rig.sent());
  assert.ok(await enough);
  await done;
  await rig.client.close();
  assert.equal(rig.clock.timerCount, 0);
});
