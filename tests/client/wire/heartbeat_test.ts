import assert from "node:assert/strict";
import { readyRigOf } from "../_rig.ts";

Deno.test("H2: a PING after 20 s of silence, not before", async () => {
  const rig = await readyRigOf();
  await rig.clock.advance(19_999);
  assert.ok(!rig.socket.sent.includes("PING"));
  await rig.clock.advance(1);
  assert.equal(rig.socket.sent.at(-1), "PING");
  await rig.client.close();
});

Deno.test("H2: silence for 10 s after the PING ends the socket and brings a new one", async () => {
  const rig = await readyRigOf();
  rig.socket.isDeaf = true;
  await rig.clock.advance(29_999);
  assert.deepEqual(rig.told("close"), []);
  await rig.clock.advance(1);
  assert.deepEqual(rig.told("close"), [
    ["close", 4499, "nothing heard after a PING", true],
  ]);
  assert.equal(rig.socket.closedWith?.code, 4499);
  await rig.reconnect();
  assert.equal(rig.client.state, "ready");
  await rig.client.close();
});

Deno.test("H2: a PONG keeps the socket and tells the round trip", async () => {
  const rig = await readyRigOf();
  await rig.clock.advance(20_000);
  await rig.clock.advance(40);
  rig.socket.say("PONG");
  assert.deepEqual(rig.told("ping"), [["ping", 40]]);
  await rig.clock.advance(19_999);
  assert.equal(rig.socket.sent.filter((data) => data === "PING").length, 1);
  assert.equal(rig.client.state, "ready");
  await rig.client.close();
});

Deno.test("H3: any inbound frame is a sign of life, before a PING and after", async () => {
  const rig = await readyRigOf();
  await rig.clock.advance(15_000);
  rig.socket.say("whatever");
  await rig.clock.advance(19_999);
  assert.ok(!rig.socket.sent.includes("PING"));
  await rig.clock.advance(1);
  assert.equal(rig.socket.sent.at(-1), "PING");
  rig.socket.say("whatever");
  await rig.clock.advance(10_000);
  assert.equal(rig.client.state, "ready");
  assert.deepEqual(rig.told("ping"), []);
  await rig.client.close();
});

Deno.test("H2: silence during a long upload does not end the socket while unsent bytes fall, and does once they stop", async () => {
  const rig = await readyRigOf();
  rig.socket.isDeaf = true;
  rig.socket.bufferedAmount = 3_000_000;
  await rig.clock.advance(20_000);
  for (const leftBytes of [2_000_000, 1_000_000]) {
    rig.socket.bufferedAmount = leftBytes;
    await rig.clock.advance(10_000);
    assert.equal(rig.client.state, "ready");
  }
  await rig.clock.advance(10_000);
  assert.deepEqual(rig.told("close").map(([, code]) => code), [4499]);
  await rig.client.close();
});

Deno.test("the server's pingInterval sets the pace (F1)", async () => {
  const rig = await readyRigOf({}, { limits: { pingInterval: 5_000 } });
  await rig.clock.advance(4_999);
  assert.ok(!rig.socket.sent.includes("PING"));
  await rig.clock.advance(1);
  assert.equal(rig.socket.sent.at(-1), "PING");
  await rig.client.close();
});

Deno.test("a limit of zero is taken for a mistake, not for a busy loop", async () => {
  const rig = await readyRigOf({}, {
    limits: { pingInterval: 0, maxInFlight: 0, maxPayload: -1 },
  });
  assert.deepEqual(rig.client.limits, {
    maxPayloadBytes: 8_388_608,
    maxInFlight: 5_000,
    mailbox: 10_000,
    pingIntervalMs: 20_000,
  });
  await rig.client.close();
});

Deno.test("the client's own requests do not keep it from sending PING to a silent server", async () => {
  const rig = await readyRigOf();
  for (let second = 0; second < 20; second += 1) {
    rig.client.notify("ACTION", "/x");
    await rig.clock.advance(1_000);
  }
  assert.equal(rig.socket.sent.at(-1), "PING");
  await rig.client.close();
});
