import assert from "node:assert/strict";
import { RepClient } from "../../client/mod.ts";
import { FakeSocket } from "./_fake_socket.ts";
import { readyRigOf, rigOf } from "./_rig.ts";

const PLAIN = { ext: false, session: false } as const;

Deno.test("plain mode without a key adds nothing to the requests: no subprotocol, no authentication, no ack", async () => {
  const rig = rigOf({ ...PLAIN, token: "" });
  await rig.client.close();
  const sockets: FakeSocket[] = [];
  const client = new RepClient("ws://proxy/", {
    ...PLAIN,
    webSocket: (url, request) => {
      const socket = new FakeSocket(url, request);
      sockets.push(socket);
      queueMicrotask(() => socket.open(""));
      return socket;
    },
  });
  await client.ready;
  const [socket] = sockets;
  assert.ok(socket);
  assert.deepEqual(socket.request.protocols, []);
  assert.deepEqual(socket.sent, []);
  const done = client.get("/users/1", { req: "1234" });
  assert.deepEqual(socket.sent, [
    '{"target":"/users/1","method":"GET","req":"1234"}',
  ]);
  socket.say({
    target: "",
    method: "REPLY",
    data: { status: 200 },
    req: "1234",
  });
  assert.equal(await done, null);
  await client.close();
  assert.equal(socket.sent.length, 1);
});

Deno.test("plain mode with a key authenticates with the key alone", async () => {
  const rig = await readyRigOf(PLAIN);
  assert.deepEqual(rig.socket.frames, [{
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: "key" },
    req: "rep-auth",
  }]);
  await rig.client.close();
});

Deno.test("plain mode never sends a cancel, which no server of the published text knows", async () => {
  const rig = await readyRigOf(PLAIN);
  const abort = new AbortController();
  const done = rig.client.get("/x", { signal: abort.signal });
  abort.abort();
  await assert.rejects(done, { name: "AbortError" });
  assert.equal(rig.socket.control("cancel").length, 0);
  await rig.client.close();
});

Deno.test("a session needs the extensions, and the client says so at once", () => {
  assert.throws(
    () => rigOf({ ext: false, session: "shard-0" }),
    /Cannot keep a session with `ext: false`/,
  );
});
