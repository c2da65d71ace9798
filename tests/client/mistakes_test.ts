/** Mistakes other clients made, each held here so that this one does not make it again. */
import assert from "node:assert/strict";
import { CLOSE_RULES, RepClosedError, type Socket } from "../../client/mod.ts";
import { FakeSocket } from "./_fake_socket.ts";
import { failureOf, readyRigOf, rigOf } from "./_rig.ts";

Deno.test("a reply that comes while its request is still being written finds it (rpc-websockets)", async () => {
  class Instant extends FakeSocket {
    override send(data: string | ArrayBuffer): void {
      super.send(data);
      const { target, req } = JSON.parse(String(data));
      if (req === undefined || target.startsWith("/_rep/")) return;
      this.say({ method: "REPLY", req, data: { status: 200, data: target } });
    }
  }
  const sockets: Socket[] = [];
  const rig = rigOf({
    webSocket: (url, request) => {
      const socket = new Instant(url, request);
      rig.sockets.push(socket);
      sockets.push(socket);
      return socket;
    },
  });
  await rig.authenticate();
  assert.equal(await rig.client.get("/x"), "/x");
  assert.equal(rig.client.inFlight, 0);
  await rig.client.close();
});

Deno.test("no request is left unsettled when the client ends for good (rpc-websockets, jayson, REP 0.0)", async () => {
  const rig = await readyRigOf({}, { limits: { maxInFlight: 2 } });
  const all = [1, 2, 3, 4].map((n) =>
    failureOf(rig.client.get(`/${n}`), RepClosedError)
  );
  rig.socket.end(4400);
  const sent = (await Promise.all(all)).map((failure) => failure.sent);
  assert.deepEqual(sent, [null, null, false, false]);
  assert.equal(rig.client.pending, 0);
  await rig.client.close();
});

Deno.test("a reply costs the same with ten thousand requests pending as with ten (jayson)", async () => {
  const rig = await readyRigOf({ highWaterMark: 20_000 }, {
    limits: { maxInFlight: 20_000 },
  });
  const done = Array.from(
    { length: 10_000 },
    (_, n) => rig.client.get(`/${n}`),
  );
  const frames = rig.socket.requests;
  // The last ones first: a search from the front would look at 50 million entries.
  const startMs = performance.now();
  for (const frame of frames.toReversed()) rig.answer(frame);
  await Promise.all(done);
  assert.ok(performance.now() - startMs < 2_000);
  await rig.client.close();
});

Deno.test("two clients disconnected together do not come back together (rpc-websockets, Phoenix)", async () => {
  const delays = await Promise.all([0.1, 0.9].map(async (random) => {
    const rig = await readyRigOf({ random: () => random });
    rig.socket.end();
    const [, delayMs] = rig.told("reconnecting")[0] ?? [];
    await rig.client.close();
    return delayMs;
  }));
  assert.deepEqual(delays, [25, 225]);
});

Deno.test("a server that closes with 1000 is connected to again (rpc-websockets, Phoenix)", async () => {
  const rig = await readyRigOf();
  rig.socket.end(1000);
  await rig.reconnect();
  assert.equal(rig.client.state, "ready");
  await rig.client.close();
});

Deno.test("opening a connection does not start the back-off over (graphql-ws, socket.io)", async () => {
  const rig = await readyRigOf();
  for (let round = 0; round < 5; round += 1) {
    rig.socket.end();
    await rig.reconnect();
  }
  const delays = rig.told("reconnecting").map(([, delayMs]) => delayMs);
  assert.deepEqual(delays, [125, 250, 500, 1_000, 2_000]);
  await rig.client.close();
});

Deno.test("the README's close codes are the table's, each with its meaning (graphql-ws)", async () => {
  const readme = await Deno.readTextFile(
    new URL("../../client/README.md", import.meta.url),
  );
  const rows = [...readme.matchAll(/^\| (\d{4}) +\| (.+?) +\| (yes|no)/gm)]
    .map(([, code, means, again]) => [Number(code), means, again]);
  assert.deepEqual(
    rows,
    [...CLOSE_RULES].map(([code, rule]) => [
      code,
      rule.means,
      rule.mayReconnect ? "yes" : "no",
    ]),
  );
});

Deno.test("expiryMs is milliseconds here and whole seconds on the wire, rounded up (graphql-ws)", async () => {
  for (
    const [expiryMs, expiry] of [[600_000, 600], [1, 1], [1_001, 2]] as const
  ) {
    const rig = await readyRigOf({ expiryMs });
    const { data } = rig.socket.control("auth")[0] ?? {};
    assert.equal((data as { expiry: number }).expiry, expiry);
    await rig.client.close();
  }
});

Deno.test("a request that waits to be sent again delays no other target (socket.io)", async () => {
  const rig = await readyRigOf();
  const slow = rig.client.action("/channels/1/messages");
  rig.refuse(rig.sent(), 429, {
    code: "overloaded",
    sent: false,
    retry_after: 30,
  });
  const quick = rig.client.action("/channels/2/messages");
  rig.answer(rig.sent(), "quick");
  assert.equal(await quick, "quick");
  void slow.catch(() => {});
  await rig.client.close();
});

Deno.test("a heartbeat without an echo ends the socket instead of only telling (graphql-ws)", async () => {
  const rig = await readyRigOf();
  const first = rig.socket;
  first.isDeaf = true;
  await rig.clock.advance(30_000);
  await rig.reconnect();
  assert.notEqual(rig.socket, first);
  await rig.client.close();
});
