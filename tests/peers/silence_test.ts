/** A proxy that is gone without a word: its network swallows everything. */
import assert from "node:assert/strict";
import { type RedisRelay, startRedisRelay } from "../cluster/_redis_relay.ts";
import { createManualClock } from "../_manual_clock.ts";
import { GatedDiscord } from "../conformance/_gated_discord.ts";
import { BOT, CHANNEL, post, until } from "./_calls.ts";
import { PEER_KEY, startCluster } from "./_cluster.ts";
import { hello, talkTo } from "./_talk.ts";

/** Three proxies, the first of which is the owner, behind a relay that can be cut. */
async function startCuttable(discord: GatedDiscord) {
  const isJournalShared = true;
  const cluster = await startCluster({
    upstream: discord.url,
    count: 3,
    isJournalShared,
    // Nobody waits for so long.
    env: { REST_UPSTREAM_TIMEOUT_MS: "600000" },
  });
  const { table, proxies: [owner, door] } = cluster;
  assert.ok(owner && door);
  const relay: RedisRelay = await startRedisRelay(
    Number(new URL(owner.peerUrl).port),
  );
  table.urls[0] = relay.url.replace("redis:", "http:");
  return {
    table,
    door,
    /** Nothing of the owner's comes through any more, and another one is the owner. */
    loseOwner() {
      table.silent.add("p0");
      table.give(BOT, 2);
    },
    relay,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

for (
  const [what, headers, status] of [
    ["that has no name is told as unknown", {}, 408],
    ["with a name is asked of the next owner", { "idempotency-key": "a" }, 200],
  ] as const
) {
  Deno.test(`a message ${what} as soon as the owner that may have it answers nothing, and what is behind it goes on`, async () => {
    await using discord = new GatedDiscord();
    discord.open();
    await using stage = await startCuttable(discord);
    const { door, relay } = stage;
    relay.cut();
    const first = fetch(door.url + CHANNEL, post("first", headers));
    const second = fetch(door.url + CHANNEL, post("second"));
    await until(() => relay.held > 0);
    stage.loseOwner();
    const [one, other] = await Promise.all([first, second]);
    assert.deepEqual([one.status, other.status], [status, 200]);
    for (const response of [one, other]) await response.body?.cancel();
  });
}

Deno.test("B13: a WebSocket whose owner is lost and answers nothing is closed with 1012", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using stage = await startCuttable(discord);
  await using talk = await talkTo(stage.door.url);
  talk.send(hello("shard-0"));
  await talk.seen(({ req }) => req === "hello");
  stage.relay.cut();
  stage.loseOwner();
  assert.equal((await talk.closed).code, 1012);
});

/** A message as a door hands it to the owner by this lease. */
function handed(epoch?: number): RequestInit {
  const call = {
    from: "a door",
    caller: "default@127.0.0.1",
    identity: { own: BOT },
    urgency: 3,
    isOrdered: true,
    ...epoch !== undefined && { epoch },
  };
  return post("handed on", {
    "x-rest-peer-key": PEER_KEY,
    "x-rest-peer-call": JSON.stringify(call),
  });
}

Deno.test("a proxy that owns a bot no more and cannot reach Redis gives back at once what comes for it", async () => {
  await using discord = new GatedDiscord();
  const clock = createManualClock();
  await using cluster = await startCluster({
    upstream: discord.url,
    count: 1,
    clockAt: () => clock,
  });
  const { table, proxies: [owner] } = cluster;
  assert.ok(owner);
  table.give(BOT, undefined);
  table.isStoreAway = true;
  const response = await fetch(owner.peerUrl + CHANNEL, handed());
  await response.body?.cancel();
  assert.equal(response.status, 421);
});

for (const [known, status] of [[undefined, 200], [7, 200], [6, 421]] as const) {
  const what = known === undefined ? "no lease" : `lease ${known}`;
  Deno.test(`what a door has handed to the owner by ${what} gets ${status} while it is the owner by lease 7`, async () => {
    await using discord = new GatedDiscord();
    discord.open();
    await using cluster = await startCluster({
      upstream: discord.url,
      count: 1,
    });
    const { table, proxies: [owner] } = cluster;
    assert.ok(owner);
    table.epoch = 7;
    const response = await fetch(owner.peerUrl + CHANNEL, handed(known));
    await response.body?.cancel();
    assert.equal(response.status, status);
    assert.equal(discord.calls.length, status === 200 ? 1 : 0);
  });
}
