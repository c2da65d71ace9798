import assert from "node:assert/strict";
import { GatedDiscord } from "../conformance/_gated_discord.ts";
import { BOT, CHANNEL, get, post, until } from "./_calls.ts";
import { startCluster } from "./_cluster.ts";

/** How many requests wait at a proxy. */
function waitingAt(
  { proxy }: { proxy: { snapshot(): { readonly waiting: number } } },
): number {
  return proxy.snapshot().waiting;
}

Deno.test("a read whose caller leaves its door is dropped by the owner", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const [owner, door] = cluster.proxies;
  assert.ok(owner && door);
  const first = fetch(door.url + "/api/v10/channels/1", get());
  await discord.arrived(1);
  const leaving = new AbortController();
  const second = fetch(door.url + "/api/v10/channels/1", {
    ...get(),
    signal: leaving.signal,
  });
  await until(() => waitingAt(owner) === 1);
  leaving.abort();
  await assert.rejects(second);
  await until(() => waitingAt(owner) === 0);
  discord.open();
  await (await first).body?.cancel();
  assert.equal(discord.calls.length, 1);
});

Deno.test("a write whose caller leaves its door is done once, and its owner hands the answer to the second try", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const [owner, door] = cluster.proxies;
  assert.ok(owner && door);
  const first = fetch(door.url + CHANNEL, post("first"));
  await discord.arrived(1);
  const leaving = new AbortController();
  const left = fetch(door.url + CHANNEL, {
    ...post("again"),
    signal: leaving.signal,
  });
  await until(() => waitingAt(owner) === 1);
  leaving.abort();
  await assert.rejects(left);
  const again = fetch(door.url + CHANNEL, post("again"));
  await until(() => owner.facts.some(({ kind }) => kind === "adopted"));
  discord.open();
  for (const response of await Promise.all([first, again])) {
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
  assert.equal(discord.calls.length, 2);
});

Deno.test("a write whose caller leaves while nobody owns its bot is done all the same", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  table.give(BOT, undefined);
  const leaving = new AbortController();
  const left = fetch(door.url + CHANNEL, {
    ...post("done all the same"),
    signal: leaving.signal,
  });
  left.catch(() => {});
  await (await fetch(door.url + "/healthz")).body?.cancel();
  leaving.abort();
  await assert.rejects(left);
  table.give(BOT, 0);
  await discord.arrived(1);
});
