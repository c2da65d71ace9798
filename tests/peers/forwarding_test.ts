import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { TOKEN } from "../_proxy.ts";
import { GatedDiscord } from "../conformance/_gated_discord.ts";
import { BOT, CHANNEL, get, pipelined, post, until } from "./_calls.ts";
import { startCluster } from "./_cluster.ts";

Deno.test("a request through a door is sent once, by the owner, with the owner's token", async () => {
  await using sim = await startSim();
  await using cluster = await startCluster({ upstream: sim.url, count: 2 });
  const [owner, door] = cluster.proxies;
  assert.ok(owner && door);
  const response = await fetch(
    door.url + CHANNEL,
    post("hello", { "x-audit-log-reason": "why", "x-rest-client": "shard 3" }),
  );
  assert.equal(response.status, 200);
  assert.match((await response.json()).id, /^\d+$/);
  assert.match(response.headers.get("server-timing") ?? "", /discord;dur=/);
  assert.ok(response.headers.has("x-ratelimit-limit"));
  assert.ok(!response.headers.has("x-rest-peer-note"));
  const [sent, ...others] = sim.requests();
  assert.deepEqual(others, []);
  const headers = new Headers([...sent?.headers ?? []].map(([n, v]) => [n, v]));
  assert.equal(headers.get("authorization"), `Bot ${TOKEN}`);
  assert.equal(headers.get("x-audit-log-reason"), "why");
  const ours = [...headers.keys()].filter((name) => name.startsWith("x-rest"));
  assert.deepEqual(ours, []);
  const callers = owner.facts.flatMap((fact) =>
    fact.kind === "queued" ? [fact.caller] : []
  );
  assert.deepEqual(callers, ["default/shard 3"]);
  assert.ok(!door.facts.some(({ kind }) => kind === "queued"));
});

Deno.test("a refusal of the owner's is told by a door as if it were its own", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const [owner, door] = cluster.proxies;
  assert.ok(owner && door);
  const first = fetch(owner.url + CHANNEL, post("first"));
  await discord.arrived(1);
  const wish = { prefer: "wait=0" };
  const [told, own] = await Promise.all(
    [door, owner].map((one) => fetch(one.url + CHANNEL, post("late", wish))),
  );
  assert.ok(told && own);
  assert.equal(told.status, 429);
  assert.deepEqual(await told.json(), await own.json());
  const names = ["x-rest-proxy", "retry-after", "x-ratelimit-bucket", "via"];
  for (const name of names) {
    assert.equal(told.headers.get(name), own.headers.get(name), name);
  }
  discord.open();
  await (await first).body?.cancel();
});

Deno.test("what an interaction is answered with leaves from the door that it came to", async () => {
  await using sim = await startSim();
  await using cluster = await startCluster({ upstream: sim.url, count: 2 });
  const [owner, door] = cluster.proxies;
  assert.ok(owner && door);
  const path = "/api/v10/interactions/1/aW50ZXJhY3Rpb246abc/callback";
  const response = await fetch(door.url + path, post("pong"));
  await response.body?.cancel();
  assert.equal(sim.requests().length, 1);
  assert.equal(door.facts.filter(({ kind }) => kind === "queued").length, 1);
  assert.ok(!owner.facts.some(({ kind }) => kind === "queued"));
});

Deno.test("a webhook with a token is sent by the owner of its id, and by no owner of a bot", async () => {
  await using sim = await startSim();
  await using cluster = await startCluster({ upstream: sim.url, count: 3 });
  cluster.table.give("webhook:77", 2);
  const [, door, owner] = cluster.proxies;
  assert.ok(owner && door);
  const response = await fetch(
    `${door.url}/api/v10/webhooks/77/some-webhook-token`,
    post("hook"),
  );
  await response.body?.cancel();
  assert.equal(owner.facts.filter(({ kind }) => kind === "queued").length, 1);
});

Deno.test("a token that a caller brings crosses to its owner, and goes to Discord as it is spelt", async () => {
  await using sim = await startSim();
  await using cluster = await startCluster({ upstream: sim.url, count: 2 });
  const [, door] = cluster.proxies;
  assert.ok(door);
  const response = await fetch(door.url + "/api/v10/users/@me", {
    headers: {
      authorization: "Bearer abcdefghijklmnop",
      "x-rest-authorization": get().headers &&
          new Headers(get().headers).get("authorization") || "",
    },
  });
  await response.body?.cancel();
  const [sent] = sim.requests();
  const sentAs = sent?.headers.find(([name]) =>
    name.toLowerCase() === "authorization"
  );
  assert.equal(sentAs?.[1], "Bearer abcdefghijklmnop");
});

Deno.test("a channel's messages through one door keep their order, whatever overtakes on the way", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const [, door] = cluster.proxies;
  assert.ok(door);
  const contents = Array.from({ length: 16 }, (_, at) => `m${at}`);
  discord.open();
  const { close } = pipelined(door.listener.address.port, CHANNEL, contents);
  await discord.arrived(contents.length);
  close();
  const order = discord.calls.map((call) => /m\d+/.exec(call)?.[0]);
  assert.deepEqual(order, contents);
});

Deno.test("while nobody owns a bot its requests wait at the door, and then leave in their order", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const { table, proxies: [, door, next] } = cluster;
  assert.ok(door && next);
  table.give(BOT, undefined);
  const contents = Array.from({ length: 12 }, (_, at) => `m${at}`);
  const { close } = pipelined(door.listener.address.port, CHANNEL, contents);
  const read = fetch(door.url + "/api/v10/users/@me", get());
  await until(() => true);
  assert.deepEqual(discord.calls, []);
  table.give(BOT, 2);
  await (await read).body?.cancel();
  await discord.arrived(13);
  close();
  const order = discord.calls.flatMap((call) => /m\d+/.exec(call)?.[0] ?? []);
  assert.deepEqual(order, contents);
  const queued = next.facts.filter(({ kind }) => kind === "queued");
  assert.equal(queued.length, 13);
});

Deno.test("a door that becomes the owner lets what waits at it go before what comes", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  table.give(BOT, undefined);
  const early = ["m0", "m1", "m2"];
  const first = pipelined(door.listener.address.port, CHANNEL, early);
  const seen = fetch(door.url + "/healthz");
  await (await seen).body?.cancel();
  table.give(BOT, 1);
  const late = await fetch(door.url + CHANNEL, post("m3"));
  await late.body?.cancel();
  first.close();
  const order = discord.calls.map((call) => /m\d+/.exec(call)?.[0]);
  assert.deepEqual(order, ["m0", "m1", "m2", "m3"]);
});

Deno.test("a request that no proxy owns for its longest wait gets a 429 that says it was not sent", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({
    upstream: discord.url,
    count: 2,
    env: { REST_MAX_WAIT_MS: "100" },
  });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  table.give(BOT, undefined);
  const response = await fetch(door.url + CHANNEL, post("nobody"));
  assert.equal(response.status, 429);
  assert.equal(response.headers.get("x-rest-proxy"), "wait_too_long");
  const { sent } = await response.json();
  assert.ok(sent === false);
  assert.deepEqual(discord.calls, []);
});

Deno.test("an owner that is none any more gives a request back, and the next one gets it", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const { table, proxies: [former, door, next] } = cluster;
  assert.ok(former && door && next);
  // The door hears of it late: it is told a url that is no owner's.
  const [, , url] = table.urls;
  table.urls[2] = former.peerUrl;
  table.give(BOT, 2);
  const answer = fetch(door.url + CHANNEL, post("once"));
  await until(() => former.facts.length === 0);
  table.urls[2] = url ?? "";
  table.give(BOT, 2);
  const response = await answer;
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.equal(discord.calls.length, 1);
  assert.ok(!former.facts.some(({ kind }) => kind === "queued"));
  assert.equal(next.facts.filter(({ kind }) => kind === "queued").length, 1);
});
