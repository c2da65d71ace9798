/** Each of the supported set-ups as an operator has it: the installed package, settings in `.env`, Discord at the other end. */
import assert from "node:assert/strict";
import { type Sim, startSim } from "../../sim/server.ts";
import { KEY, Operated, reachesRegistry, TOKEN } from "../_operated.ts";
import { hasRedis, startRedis } from "../cluster/_redis.ts";
import { post } from "../start/_callers.ts";
import { startChild } from "../start/child.ts";
import { freePort } from "../../tools/free_port.ts";

const ignore = Deno.build.os !== "linux" || !reachesRegistry();
const LISTENING = /Listening on (http:\/\/[0-9.:]+)/;
const PEER_KEY = "key-that-proxies-send-one-another";
/** One more than Discord takes at once from a channel. */
const MESSAGES = 6;

function settings(discord: Sim): Record<string, string> {
  return {
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    REST_PORT: "0",
    REST_UPSTREAM: discord.url,
    REST_LOG_FORMAT: "json",
  };
}

async function addressOf(sluice: Operated): Promise<string> {
  const [, address = ""] = await sluice.seen(LISTENING);
  return address;
}

/** What anybody tries first: is it there, does it ask for a key, do messages arrive, in order. */
async function tour(
  address: string,
  discord: Sim,
  channel: number,
): Promise<void> {
  assert.equal(await statusOf(fetch(`${address}/readyz`)), 200);
  const url = `${address}/api/v10`;
  assert.equal(await statusOf(fetch(`${url}/users/@me`)), 401);
  const headers = { authorization: KEY, "content-type": "application/json" };
  assert.equal(await statusOf(fetch(`${url}/users/@me`, { headers })), 200);
  for (let at = 1; at <= MESSAGES; at++) {
    const body = JSON.stringify({ content: `tour ${at}` });
    const sent = fetch(`${url}/channels/${channel}/messages`, {
      method: "POST",
      headers,
      body,
    });
    assert.equal(await statusOf(sent), 200);
  }
  const arrived = discord.requests().filter(({ target }) =>
    target.endsWith(`/channels/${channel}/messages`)
  );
  assert.equal(arrived.length, MESSAGES);
}

async function statusOf(call: Promise<Response>): Promise<number> {
  const response = await call;
  await response.body?.cancel();
  return response.status;
}

/** No message is lost, doubled or out of order, and Discord never said 429. */
function assertClean(discord: Sim): void {
  const { lost, doubled, reordered, limited } = discord.audit.report();
  assert.deepEqual({ lost, doubled, reordered }, {
    lost: [],
    doubled: [],
    reordered: [],
  });
  assert.deepEqual(limited, { user: 0, global: 0, shared: 0, cloudflare: 0 });
}

async function assertEndsWell(sluice: Operated): Promise<void> {
  sluice.signal("SIGTERM");
  const { code, said } = await sluice.ended();
  assert.equal(code, 0, said);
  assert.doesNotMatch(said, /A bug/);
}

Deno.test({
  name: "set-up in memory: one proxy serves, and ends on SIGTERM",
  ignore,
  async fn() {
    await using discord = await startSim();
    await using sluice = await Operated.start(settings(discord));
    await tour(await addressOf(sluice), discord, 1);
    await assertEndsWell(sluice);
    assertClean(discord);
  },
});

Deno.test({
  name:
    "set-up with a journal: what an unmodified caller had sent is done, and done once, although the proxy is killed",
  ignore,
  async fn() {
    await using discord = await startSim({
      rules: [{
        match: "POST /channels/{id}/messages",
        limit: MESSAGES,
        periodMs: 5_000,
        kind: "fixed",
      }],
    });
    const folder = await Deno.makeTempDir();
    const sluice = await Operated.start({
      ...settings(discord),
      REST_JOURNAL: `${folder}/sluice.db`,
      REST_JOURNAL_WRITES: "all",
    });
    {
      await using _ = sluice;
      const address = await addressOf(sluice);
      const calls: Promise<string>[] = [];
      for (let at = 1; at <= 2 * MESSAGES; at++) {
        calls.push(
          post(`${address}/api/v10/channels/1/messages`, `all ${at}`, KEY),
        );
      }
      // Then Discord takes no more for a while, and nothing is in flight.
      await answered(calls, MESSAGES);
      Deno.kill(sluice.proxyPid(), "SIGKILL");
      await Promise.all(calls);
      await sluice.seen(LISTENING, 2);
      await sluice.seen(/From the journal: 6 requests go on/);
      while (discord.requests().length < 2 * MESSAGES) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await assertEndsWell(sluice);
    }
    await Deno.remove(folder, { recursive: true });
    const { executed, doubled, limited } = discord.audit.report();
    assert.equal(executed, 2 * MESSAGES);
    assert.deepEqual(doubled, []);
    // What Discord had told within the last second was not saved yet.
    assert.ok(limited.user <= 1, `${limited.user} times 429`);
  },
});

/** Settles when so many of the calls were answered. */
async function answered(
  calls: readonly Promise<string>[],
  count: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  for (const call of calls) {
    void call.then((outcome) => {
      if (outcome === "answered") seen++;
      if (seen === count) resolve();
    });
  }
  await promise;
}

Deno.test({
  name:
    "set-up with several proxies: each serves the bot's requests, and when one ends the other goes on",
  ignore: ignore || !hasRedis,
  async fn() {
    await using discord = await startSim();
    await using redis = await startRedis();
    const start = () =>
      Operated.start({
        ...settings(discord),
        REST_REDIS_URL: redis.url.reveal(),
        REST_PEER_URL: `http://127.0.0.1:${freePort()}`,
        REST_PEER_KEY: PEER_KEY,
      });
    await using first = await start();
    const one = await addressOf(first);
    await using second = await start();
    const other = await addressOf(second);
    await tour(one, discord, 1);
    await tour(other, discord, 2);
    await assertEndsWell(first);
    await tour(other, discord, 3);
    await assertEndsWell(second);
    assertClean(discord);
  },
});

Deno.test({
  name:
    "set-up on a serverless host: rest/serve.ts hands requests to the proxy that owns the bot",
  ignore,
  async fn() {
    await using discord = await startSim();
    const peerUrl = `http://127.0.0.1:${freePort()}`;
    const peers = { REST_PEER_KEY: PEER_KEY };
    await using owner = await Operated.start({
      ...settings(discord),
      ...peers,
      REST_PEER_URL: peerUrl,
    });
    await addressOf(owner);
    await using host = await startChild({
      isServe: true,
      env: { ...settings(discord), ...peers, REST_OWNER_URL: peerUrl },
    });
    const [, address = ""] = await host.seen(
      /[Ll]istening on "?(http:\/\/[0-9.:]+[0-9])/,
    );
    await tour(address, discord, 1);
    await assertEndsWell(owner);
    assertClean(discord);
  },
});
