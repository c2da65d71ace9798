import assert from "node:assert/strict";
import { GatedDiscord } from "../conformance/_gated_discord.ts";
import { BOT, CHANNEL, get, post, until } from "./_calls.ts";
import { startCluster } from "./_cluster.ts";

Deno.test("a request that is answered later is found from every proxy, and so is its answer", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const [owner, one, other] = cluster.proxies;
  assert.ok(owner && one && other);
  const wish = { prefer: "respond-async" };
  const taken = await fetch(one.url + CHANNEL, post("later", wish));
  assert.equal(taken.status, 202);
  assert.equal(taken.headers.get("x-rest-proxy"), "kept");
  await taken.body?.cancel();
  const location = taken.headers.get("location") ?? "";
  await discord.arrived(1);
  for (const { url } of [owner, one, other]) {
    const waiting = await fetch(url + location, get());
    assert.equal(waiting.status, 202, url);
    await waiting.body?.cancel();
  }
  discord.open();
  await until(() => owner.facts.some(({ kind }) => kind === "answered"));
  for (const { url } of [owner, one, other]) {
    const answer = await fetch(url + location, get());
    assert.equal(answer.status, 200, url);
    assert.equal((await answer.json()).id, "1");
  }
  assert.equal(discord.calls.length, 1);
});

Deno.test("a write under one Idempotency-Key is done once, whatever doors it comes through", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const key = { "idempotency-key": "the-same" };
  const answers = cluster.proxies.map(({ url }) =>
    fetch(url + CHANNEL, post("once", key))
  );
  await discord.arrived(1);
  discord.open();
  for (const answer of answers) {
    const response = await answer;
    assert.equal(response.status, 200);
    assert.equal((await response.json()).id, "1");
  }
  assert.equal(discord.calls.length, 1);
});

Deno.test("what no proxy keeps is unknown at every door; while one says nothing nobody can tell", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  const path = "/_rep/requests/00000000-0000-4000-8000-000000000000";
  const unknown = await fetch(door.url + path, get());
  assert.equal(unknown.status, 404);
  await unknown.body?.cancel();
  table.urls[0] = "http://127.0.0.1:1";
  const silent = await fetch(door.url + path, get());
  assert.equal(silent.status, 429);
  await silent.body?.cancel();
});

Deno.test("a door shows what waits at the owner, and what a request would wait for there", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const { table, proxies: [owner, door] } = cluster;
  assert.ok(owner && door);
  const first = fetch(door.url + CHANNEL, post("first"));
  await discord.arrived(1);
  const second = fetch(door.url + CHANNEL, post("second"));
  await until(() => owner.proxy.snapshot().waiting === 1);
  const listed = await (await fetch(`${door.url}/_rep/requests`, get())).json();
  const own = await (await fetch(`${owner.url}/_rep/requests`, get())).json();
  assert.equal(listed.requests.length, 1);
  assert.deepEqual(listed.requests[0].id, own.requests[0].id);
  const about = `/_rep/limits?method=POST&target=${
    encodeURIComponent(CHANNEL.slice(4))
  }`;
  const limits = await (await fetch(door.url + about, get())).json();
  assert.ok(limits.wait !== null);
  table.give(BOT, undefined);
  const nobody = await fetch(`${door.url}/_rep/requests`, get());
  assert.equal(nobody.status, 429);
  await nobody.body?.cancel();
  table.give(BOT, 0);
  discord.open();
  for (const answer of [first, second]) await (await answer).body?.cancel();
});
