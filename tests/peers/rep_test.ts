import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import type { Clock } from "../../rest/domain/ports.ts";
import { GatedDiscord } from "../conformance/_gated_discord.ts";
import { KEY } from "../_proxy.ts";
import { BOT } from "./_calls.ts";
import { startCluster } from "./_cluster.ts";
import { hello, say, talkTo } from "./_talk.ts";

for (const key of [undefined, ""]) {
  const when = key === undefined ? "at its upgrade" : "in a frame";
  Deno.test(`a WebSocket through a door is served by the owner of its bot, with a key shown ${when}`, async () => {
    await using discord = new GatedDiscord();
    discord.open();
    await using cluster = await startCluster({
      upstream: discord.url,
      count: 2,
    });
    const [owner, door] = cluster.proxies;
    assert.ok(owner && door);
    await using talk = await talkTo(door.url, { key });
    talk.sendRaw("PING");
    talk.send(hello("shard-0"));
    const greeting = await talk.seen(({ req }) => req === "hello");
    assert.equal(greeting.data?.status, 200);
    talk.send(say("through a door", "a-1"));
    const reply = await talk.seen(({ req }) => req === "a-1");
    assert.equal(reply.data?.status, 200);
    assert.equal(reply.seq, 1);
    assert.deepEqual(talk.texts[0], "PONG");
    assert.equal(owner.facts.filter(({ kind }) => kind === "queued").length, 1);
    assert.ok(!door.facts.some(({ kind }) => kind === "queued"));
  });
}

Deno.test("B13: a session that began through one door goes on through another", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const [owner, one, other] = cluster.proxies;
  assert.ok(owner && one && other);
  const first = await talkTo(one.url);
  first.send(hello("shard-0"));
  await first.seen(({ req }) => req === "hello");
  first.send(say("once", "a-1"));
  await discord.arrived(1);
  await first[Symbol.asyncDispose]();
  discord.open();
  await using second = await talkTo(other.url);
  second.send(hello("shard-0"));
  const greeting = await second.seen(({ req }) => req === "hello");
  const { resumed } = greeting.data?.data as { resumed: boolean };
  assert.ok(resumed);
  const reply = await second.seen(({ req }) => req === "a-1");
  assert.equal(reply.data?.status, 200);
  assert.equal(discord.calls.length, 1);
  // The owner itself has the same session.
  await using third = await talkTo(owner.url);
  third.send(hello("shard-0"));
  const own = await third.seen(({ req }) => req === "hello");
  assert.ok((own.data?.data as { resumed: boolean }).resumed);
  assert.equal((await second.closed).code, 4409);
});

Deno.test("B13: when a bot gets another owner, its WebSockets are closed with 1012 wherever they are", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const { table, proxies: [owner, door] } = cluster;
  assert.ok(owner && door);
  await using relayed = await talkTo(door.url);
  await using direct = await talkTo(owner.url);
  for (const [at, talk] of [relayed, direct].entries()) {
    talk.send(hello(`shard-${at}`));
    await talk.seen(({ req }) => req === "hello");
  }
  table.give(BOT, 2);
  assert.equal((await relayed.closed).code, 1012);
  assert.equal((await direct.closed).code, 1012);
});

Deno.test("B13: an owner that is gone closes the WebSockets behind its doors with 1012", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const [owner, door] = cluster.proxies;
  assert.ok(owner && door);
  await using talk = await talkTo(door.url);
  talk.send(hello("a"));
  await talk.seen(({ req }) => req === "hello");
  await owner.close();
  assert.equal((await talk.closed).code, 1012);
});

Deno.test("a WebSocket waits while nobody owns its bot, and loses no frame", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  table.give(BOT, undefined);
  await using talk = await talkTo(door.url);
  for (const at of [1, 2, 3]) talk.send(say(`m${at}`, at));
  await (await fetch(`${door.url}/healthz`)).body?.cancel();
  table.give(BOT, 0);
  await talk.seen(({ req }) => req === 3);
  const order = discord.calls.map((call) => /m\d/.exec(call)?.[0]);
  assert.deepEqual(order, ["m1", "m2", "m3"]);
});

/** A clock that a test puts forward. */
function clockPutForward(): Clock & { aheadMs: number } {
  return {
    aheadMs: 0,
    nowMs() {
      return SYSTEM_CLOCK.nowMs() + this.aheadMs;
    },
    wallMs: () => SYSTEM_CLOCK.wallMs(),
    wakeAt(atMs, action) {
      return SYSTEM_CLOCK.wakeAt(atMs - this.aheadMs, action);
    },
  };
}

for (const key of [undefined, ""]) {
  const when = key === undefined ? "at its upgrade" : "in a frame";
  Deno.test(`B8: a WebSocket that a door kept back takes no session from a newer one, with a key shown ${when}`, async () => {
    await using discord = new GatedDiscord();
    discord.open();
    const clock = clockPutForward();
    await using cluster = await startCluster({
      upstream: discord.url,
      count: 3,
      clockAt: (place) => place === 1 ? clock : SYSTEM_CLOCK,
    });
    const { table, proxies: [, slow, other] } = cluster;
    assert.ok(slow && other);
    table.give(BOT, undefined);
    await using older = await talkTo(slow.url, { key });
    const asked = table.whenAsked(1);
    older.send(hello("shard-0"));
    await asked;
    await using newer = await talkTo(other.url, { key });
    newer.send(hello("shard-0"));
    table.give(BOT, 0, { unheardBy: [1] });
    await newer.seen(({ req }) => req === "hello");
    clock.aheadMs = 3_000;
    table.hear(1);
    const { code } = await Promise.race([older.closed, newer.closed]);
    assert.equal(code, 4409);
    newer.send(say("still here", "a-1"));
    await newer.seen(({ req }) => req === "a-1");
  });
}

Deno.test("a door lets go of a client that greeted and is gone while nobody owns its bot", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  table.give(BOT, undefined);
  const asked = table.whenAsked(1);
  using socket = await Deno.connect({ port: Number(new URL(door.url).port) });
  await socket.write(UPGRADE);
  await socket.read(new Uint8Array(1_024));
  await socket.write(frameOf(hello("a-session-with-a-name")));
  await asked;
  await socket.closeWrite();
  // Where it waits for an owner until it gives up, it says 1012.
  assert.equal(await new Response(socket.readable).text(), "");
});

const UPGRADE = new TextEncoder().encode([
  "GET /rep HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  `Authorization: ${KEY}`,
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "\r\n",
].join("\r\n"));

/** A text of 126 to 65,535 bytes on the wire, masked with nothing. */
function frameOf(value: unknown): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const { length } = text;
  return new Uint8Array([
    0x81,
    0xfe,
    length >> 8,
    length & 255,
    0,
    0,
    0,
    0,
    ...text,
  ]);
}

Deno.test("a wrong key gets no further than the door", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const [owner, door] = cluster.proxies;
  assert.ok(owner && door);
  await using talk = await talkTo(door.url, { key: "" });
  talk.send({
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: "wrong-wrong-wrong-wrong" },
    req: 1,
  });
  assert.equal((await talk.closed).code, 4403);
  await assert.rejects(talkTo(owner.peerUrl));
});

Deno.test("forty requests and replies of 200 KB each pass a door whole", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const [, door] = cluster.proxies;
  assert.ok(door);
  await using talk = await talkTo(door.url);
  const content = "x".repeat(200_000);
  const count = 40;
  for (let at = 0; at < count; at++) talk.send(say(content, at));
  for (let at = 0; at < count; at++) {
    const reply = await talk.seen(({ req }) => req === at);
    assert.equal(reply.data?.status, 200);
  }
});
