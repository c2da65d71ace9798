import assert from "node:assert/strict";
import { RepClient, RepClosedError } from "../../client/mod.ts";
import { FakeSocket } from "./_fake_socket.ts";
import { failureOf, readyRigOf, rigOf } from "./_rig.ts";

/** `false`, and neither null nor undefined: certainly not executed. */
const UNSENT = false;

Deno.test("close() settles every request: unsent ones as unsent, sent ones as unknown", async () => {
  const rig = await readyRigOf({}, { limits: { maxInFlight: 1 } });
  const left = failureOf(rig.client.action("/left"), RepClosedError);
  const waiting = failureOf(rig.client.action("/waiting"), RepClosedError);
  await rig.client.close();
  assert.equal((await left).sent, null);
  assert.equal((await waiting).sent, UNSENT);
  assert.deepEqual(rig.socket.closedWith, { code: 1000, reason: undefined });
  assert.equal(rig.client.state, "closed");
  assert.equal(rig.client.pending, 0);
  assert.equal(rig.clock.timerCount, 0);
});

Deno.test("close() refuses every later request, and ready rejects", async () => {
  const rig = await readyRigOf();
  const closing = rig.client.close();
  const error = await failureOf(rig.client.get("/x"), RepClosedError);
  assert.equal(error.sent, UNSENT);
  assert.equal(error.message, "Not connected: closed with 1000 by this client");
  assert.throws(() => rig.client.notify("ACTION", "/x"), RepClosedError);
  await assert.rejects(rig.client.ready, RepClosedError);
  await closing;
});

Deno.test("close({ drainMs }) waits for replies, then acknowledges and disconnects", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x");
  const closing = rig.client.close({ drainMs: 5_000 });
  await assert.rejects(rig.client.get("/late"), RepClosedError);
  await rig.clock.advance(4_000);
  assert.equal(rig.socket.closedWith, undefined);
  rig.answer(rig.sent(), 1, { seq: 1 });
  assert.equal(await done, 1);
  await closing;
  assert.deepEqual(rig.socket.control("ack").map(({ data }) => data), [
    { seq: 1 },
  ]);
});

Deno.test("close({ drainMs }) waits no longer than drainMs", async () => {
  const rig = await readyRigOf();
  const done = failureOf(rig.client.get("/x"), RepClosedError);
  const closing = rig.client.close({ drainMs: 5_000 });
  await rig.clock.advance(5_000);
  assert.equal((await done).sent, null);
  await closing;
});

Deno.test("a closing handshake without an answer ends after two seconds", async () => {
  const rig = await readyRigOf();
  rig.socket.isDeaf = true;
  let isClosed = false;
  const closing = rig.client.close().then(() => isClosed = true);
  await rig.clock.advance(1_999);
  assert.ok(!isClosed);
  await rig.clock.advance(1);
  await closing;
  assert.equal(rig.clock.timerCount, 0);
});

Deno.test("close() during an attempt to connect ends the attempt, even if its socket opens later", async () => {
  const rig = rigOf();
  await rig.clock.settle();
  const { socket } = rig;
  await rig.client.close();
  socket.open();
  assert.deepEqual(socket.sent, []);
  assert.equal(rig.client.state, "closed");
  assert.equal(rig.clock.timerCount, 0);
});

Deno.test("close() during the back-off leaves no timer", async () => {
  const rig = await readyRigOf();
  rig.socket.end();
  assert.equal(rig.client.state, "waiting");
  await rig.client.close();
  assert.equal(rig.clock.timerCount, 0);
  assert.equal(rig.client.state, "closed");
});

Deno.test("a ready listener may close the client, also in the middle of a resume", async () => {
  const rig = rigOf();
  let closing: Promise<void> | undefined;
  rig.client.on("ready", () => closing = rig.client.close());
  await rig.authenticate({ resumed: true, redeliver: 3 });
  await closing;
  assert.equal(rig.client.state, "closed");
  assert.equal(rig.clock.timerCount, 0);
});

Deno.test("close() during a resume leaves no timer", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 3 });
  await rig.client.close();
  assert.equal(rig.clock.timerCount, 0);
});

Deno.test("a session with a name of the caller's is kept for the next process, one with a random name is ended", async () => {
  const named = await readyRigOf();
  await named.client.close();
  assert.equal(named.socket.control("session").length, 0);
  const sockets: FakeSocket[] = [];
  const client = new RepClient("ws://proxy/", {
    webSocket: (url, request) => {
      const socket = new FakeSocket(url, request);
      sockets.push(socket);
      return socket;
    },
  });
  await undefined;
  await undefined;
  await new Promise((resolve) => setTimeout(resolve, 0));
  const [socket] = sockets;
  socket?.open();
  socket?.say({
    method: "REPLY",
    req: "rep-auth",
    data: { status: 200, data: {} },
  });
  await client.close();
  assert.deepEqual(socket?.control("session"), [
    { target: "/_rep/session", method: "DELETE" },
  ]);
});

Deno.test("closing twice is closing once", async () => {
  const rig = await readyRigOf();
  assert.equal(rig.client.close(), rig.client.close({ drainMs: 9_999 }));
  await rig.client.close();
});

Deno.test("await using closes the client at the end of the block", async () => {
  const rig = await readyRigOf();
  {
    await using client = rig.client;
    assert.equal(client.state, "ready");
  }
  assert.equal(rig.client.state, "closed");
});

Deno.test("nothing is done after close(), whatever events the socket still fires", async () => {
  const rig = await readyRigOf();
  await rig.client.close();
  const before = rig.events.length;
  rig.socket.say({ method: "REPLY", req: "x", data: { status: 200 }, seq: 1 });
  rig.socket.fire("error", { message: "late" });
  rig.socket.end(1006);
  await rig.clock.advance(600_000);
  assert.equal(rig.events.length, before);
  assert.equal(rig.sockets.length, 1);
});
