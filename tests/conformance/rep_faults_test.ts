/** What goes wrong between a bot and Discord, through the real proxy and, where it dies, its process. */
import assert from "node:assert/strict";
import {
  type MissedReply,
  RepClient,
  RepClosedError,
} from "../../client/mod.ts";
import { type Child, startProxyChild } from "../../tools/soak/child.ts";
import { KEY, startTestProxy, TOKEN } from "../_proxy.ts";
import { Client } from "../listener/websocket/_endpoint.ts";
import { GatedDiscord } from "./_gated_discord.ts";

const ROOMY = { REST_GLOBAL_LIMIT: "10000" };
const PATH = "/channels/9/messages";

function repOf(port: number, session: string): RepClient {
  return new RepClient(`ws://127.0.0.1:${port}/rep`, {
    token: KEY,
    session,
    retryWaitMs: () => 1,
  });
}

Deno.test("B6: a socket that dies between Discord and the reply costs one call and one reply, after the resume", async () => {
  await using discord = new GatedDiscord();
  await using proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url },
  });
  await using client = repOf(proxy.port, "shard-0");
  const asked = client.action<{ id: string }>(PATH, {
    data: { content: "hi" },
  });
  await discord.arrived(1);
  client.terminate();
  discord.open();
  assert.equal((await asked).id, "1");
  assert.equal(discord.calls.length, 1);
});

Deno.test("B5: a process that knows nothing is handed what the one before it had asked Discord", async () => {
  await using discord = new GatedDiscord();
  await using proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url },
  });
  const first = repOf(proxy.port, "shard-0");
  const asked = first.action(PATH, { data: { content: "hi" }, req: "a-1" });
  await discord.arrived(1);
  await Promise.all([first.close(), assert.rejects(asked, RepClosedError)]);
  discord.open();
  await using second = repOf(proxy.port, "shard-0");
  const missed = await new Promise<MissedReply>((resolve) => {
    second.on("missed", resolve);
  });
  assert.deepEqual([missed.req, missed.status], ["a-1", 200]);
  assert.equal((missed.data as { id: string }).id, "1");
  assert.equal(discord.calls.length, 1);
});

Deno.test("I1: 100 requests without an answer, sent twice more on resume, are 100 calls and 100 replies", async () => {
  await using discord = new GatedDiscord();
  await using proxy = await startTestProxy({
    env: { ...ROOMY, REST_UPSTREAM: discord.url },
  });
  const frames = Array.from({ length: 100 }, (_, n) => ({
    target: `/channels/${n}/messages`,
    method: "ACTION",
    data: { content: `n ${n}` },
    req: `a-${n}`,
  }));
  const first = await resume(proxy.port);
  for (const frame of frames) first.say(frame);
  await discord.arrived(100);
  await first.end();
  const second = await resume(proxy.port);
  for (const frame of [...frames, ...frames]) second.say(frame);
  // Its answer says that everything before it was read.
  const pong = await second.ask({
    target: "/_rep/ping",
    method: "GET",
    req: "p",
  });
  assert.equal(pong.data.status, 200);
  discord.open();
  const replied = new Set<string>();
  while (replied.size < 100) replied.add((await second.next()).req);
  const last = await second.ask({
    target: "/_rep/ping",
    method: "GET",
    req: "q",
  });
  assert.equal(last.req, "q");
  assert.equal(discord.calls.length, 100);
  await second.end();
});

/** A socket of our own that speaks for the session. */
async function resume(port: number): Promise<Client> {
  const client = new Client(`ws://127.0.0.1:${port}/rep`, {
    headers: { authorization: KEY },
  });
  await client.opened;
  const { data } = await client.ask({
    target: "/_rep/auth",
    method: "ACTION",
    data: { session: "shard-0" },
    req: "hello",
  });
  assert.equal(data.status, 200);
  return client;
}

Deno.test("B2: a proxy killed in the middle of a request and started anew has another epoch, and the client calls the outcome unknown", async () => {
  await using discord = new GatedDiscord();
  await using old = await startChildProxy(discord.url);
  let proxy: Child = old;
  await using client = new RepClient(() => `ws://${proxy.url.host}/rep`, {
    token: KEY,
    session: "shard-0",
    retryWaitMs: () => 1,
  });
  const { epoch } = await client.ready;
  const written = client.action(PATH, { data: { content: "hi" } });
  const read = client.get<{ id: string }>("/channels/9");
  await discord.arrived(2);
  await using young = await startChildProxy(discord.url);
  proxy = young;
  await old[Symbol.asyncDispose]();
  await assert.rejects(written, (error) => {
    assert.ok(error instanceof RepClosedError);
    assert.equal(error.sent, null);
    return true;
  });
  discord.open();
  assert.equal((await read).id, "3");
  assert.notEqual((await client.ready).epoch, epoch);
  const writes = discord.calls.filter((call) => call.startsWith("POST"));
  assert.equal(writes.length, 1);
});

function startChildProxy(upstream: string): Promise<Child> {
  return startProxyChild({
    env: {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_UPSTREAM: upstream,
    },
  });
}

Deno.test("C35: 4,999 messages before an exhausted bucket do not delay the one request that wants another", async () => {
  await using proxy = await startTestProxy({
    env: ROOMY,
    sim: {
      globalLimit: { limit: 10_000 },
      rules: [{
        match: "POST /channels/{}/messages",
        limit: 50,
        periodMs: 1_000,
      }],
    },
  });
  const client = new Client(`ws://127.0.0.1:${proxy.port}/rep`, {
    headers: { authorization: KEY },
  });
  await client.opened;
  for (let n = 0; n < 4_999; n++) {
    client.say({
      target: PATH,
      method: "ACTION",
      data: { content: `n ${n}` },
      req: n,
    });
  }
  client.say({ target: "/channels/10", method: "GET", req: "other" });
  let before = 0;
  for (;;) {
    const { req, data } = await client.next();
    assert.equal(data.status, 200);
    if (req === "other") break;
    before++;
  }
  assert.ok(before < 500, `${before} were answered before it`);
  await client.end();
});
