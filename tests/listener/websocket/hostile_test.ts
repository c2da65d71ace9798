import assert from "node:assert/strict";
import { KEY, maskedText, rawPeer, TestEndpoint } from "./_endpoint.ts";

const HEADERS = [`Authorization: ${KEY}`];

Deno.test("F3: a peer that never reads is closed with 4413, and what it was owed is bounded", async () => {
  await using door = await TestEndpoint.open({
    settings: {
      limits: {
        outboundHighBytes: 1_000_000,
        outboundLowBytes: 500_000,
        outboundMaxBytes: 20_000_000,
        outboundStalledMs: 100,
      },
    },
  });
  // All answers at once: one by one, the peer could be slow enough to be closed before its last request is here.
  const asked: Array<Parameters<typeof door.submitter.onJob>[0]> = [];
  door.submitter.onJob = (job) => {
    asked.push(job);
    if (asked.length < 20) return;
    for (const one of asked) one.reply(200, "x".repeat(1_000_000));
  };
  const peer = await rawPeer(door, HEADERS);
  const frame = { target: "/a", method: "GET" };
  await peer.write(maskedText(JSON.stringify({
    target: "/_rep/auth",
    method: "ACTION",
    data: { session: "s" },
  })));
  for (let req = 1; req <= 20; req++) {
    await peer.write(maskedText(JSON.stringify({ ...frame, req })));
  }
  await door.submitter.job(20);
  while (
    door.door.snapshot().closed[4413] !== 1 ||
    door.door.snapshot().mailboxBytes <= 20_000_000
  ) await turn();
  assert.equal(door.door.snapshot().sessions, 1);
  peer.close();

  const client = await door.dial();
  const auth = {
    target: "/_rep/auth",
    method: "ACTION",
    data: { session: "s" },
    req: 0,
  };
  assert.equal((await client.ask(auth)).data.data.redeliver, 20);
  for (let seq = 1; seq <= 20; seq++) {
    assert.equal((await client.next()).seq, seq);
  }
});

Deno.test("C12: random bytes on the wire end one connection and no other", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  let seed = 7;
  for (let round = 0; round < 20; round++) {
    const peer = await rawPeer(door, HEADERS);
    const bytes = new Uint8Array(200).map(() => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed >> 16;
    });
    await peer.write(bytes).catch(() => {});
    peer.close();
  }
  while (door.door.snapshot().sockets > 1) await turn();
  client.socket.send("PING");
  assert.equal(await client.nextText(), "PONG");
});

Deno.test("C58: sockets that vanish in the middle of their requests leave nothing behind", async () => {
  await using door = await TestEndpoint.open();
  for (let count = 0; count < 20; count++) {
    const peer = await rawPeer(door, HEADERS);
    await peer.write(maskedText('{"target":"/a","method":"ACTION","req":1}'));
    await door.submitter.job(count + 1);
    peer.close();
  }
  while (door.door.snapshot().sockets > 0) await turn();
  for (const job of door.submitter.jobs) job.reply(200, 1);
  while (door.door.snapshot().inFlight > 0) await turn();
  assert.equal(door.door.snapshot().repliesDropped, 20);
});

Deno.test("C12: a flood of malformed frames ends its connection with 4400 while frames still come in", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  for (let count = 0; count < 2_000; count++) client.socket.send("?");
  const { code } = await client.closed;
  assert.equal(code, 4400);
});

/** Lets the runtime deliver what it has. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
