import assert from "node:assert/strict";
import { RepClient } from "../../../client/mod.ts";
import { connectTcp } from "../../../deps.ts";

import { KEY, startTestProxy, type TestProxy, TOKEN } from "../../_proxy.ts";
import { keyOf } from "../_bench.ts";

const WEBHOOK = "/api/v10/webhooks/1300000000000000002/webhook-token?wait=true";

/** Each interaction is answered once. */
let interactions = 0;

/** The callback of an interaction that nobody has answered yet. */
function callback(): string[] {
  const id = 1_300_000_000_000 + ++interactions;
  return byDiscordPy(`/api/v10/interactions/${id}/aW50ZXJhY3Rpb24/callback`);
}

/** Two hosts of this machine. */
const BOT = "127.0.0.2";
const ELSEWHERE = "127.0.0.1";

/** What discord.py's webhook adapter sends for interactions and webhooks (2.6, aiohttp 3.13): no Authorization, and the body in a segment of its own. */
function byDiscordPy(target: string, body = '{"content":"hello"}'): string[] {
  return [
    `POST ${target} HTTP/1.1\r\n` +
    "Host: 127.0.0.1:8000\r\n" +
    "Content-Type: application/json\r\n" +
    "Accept: */*\r\n" +
    "Accept-Encoding: gzip, deflate\r\n" +
    "User-Agent: Python/3.12 aiohttp/3.13.2\r\n" +
    `Content-Length: ${body.length}\r\n` +
    "Connection: close\r\n\r\n",
    body,
  ];
}

/** What it sends to log in. */
function login(authorization: string): string[] {
  return [
    "GET /api/v10/users/@me HTTP/1.1\r\n" +
    "Host: 127.0.0.1:8000\r\n" +
    "User-Agent: DiscordBot (https://github.com/Rapptz/discord.py 2.6.4) Python/3.12 aiohttp/3.13.2\r\n" +
    `Authorization: ${authorization}\r\n` +
    "Accept: */*\r\n" +
    "Connection: close\r\n\r\n",
  ];
}

/** Sends it from one of our addresses, segment by segment; the status and the body. */
function askFrom(
  localAddress: string,
  { port }: TestProxy,
  segments: readonly string[],
): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<
    { status: number; body: string }
  >();
  const socket = connectTcp({ host: "127.0.0.1", port, localAddress });
  let said = "";
  socket.setNoDelay();
  socket.on("connect", async () => {
    for (const segment of segments) {
      await new Promise((sent) => socket.write(segment, sent));
    }
  });
  socket.on("data", (bytes) => said += bytes);
  socket.on("error", reject);
  socket.on("close", () => {
    const [, status = "0"] = /^HTTP\/1\.1 (\d+)/.exec(said) ?? [];
    const body = said.slice(said.indexOf("\r\n\r\n") + 4);
    resolve({ status: Number(status), body });
  });
  return promise;
}

const statusFrom = async (
  address: string,
  proxy: TestProxy,
  segments: readonly string[],
) => (await askFrom(address, proxy, segments)).status;

Deno.test("who logged in answers interactions and runs webhooks without a key, and nobody else does", async () => {
  await using proxy = await startTestProxy();
  const { status, body } = await askFrom(BOT, proxy, callback());
  assert.equal(status, 401);
  assert.match(JSON.parse(body).message, /REST_OPEN_TOKEN_ROUTES=true/);

  assert.equal(await statusFrom(BOT, proxy, login(`Bot ${TOKEN}`)), 200);
  assert.equal(await statusFrom(BOT, proxy, callback()), 204);
  assert.equal(await statusFrom(BOT, proxy, byDiscordPy(WEBHOOK)), 200);
  assert.equal(await statusFrom(ELSEWHERE, proxy, callback()), 401);
  assert.equal(await statusFrom(ELSEWHERE, proxy, byDiscordPy(WEBHOOK)), 401);
  // Being known opens those paths alone.
  const message = byDiscordPy("/api/v10/channels/1300000000000000003/messages");
  assert.equal(await statusFrom(BOT, proxy, message), 401);
  assert.equal(proxy.sim.requests().length, 3);
});

Deno.test("a wrong key makes nobody known", async () => {
  await using proxy = await startTestProxy();
  const other = `${btoa("876543210987654321")}.another.bot`;
  assert.equal(await statusFrom(BOT, proxy, login("no-such-key-of-ours")), 401);
  assert.equal(await statusFrom(BOT, proxy, login(`Bot ${other}`)), 403);
  assert.equal(await statusFrom(BOT, proxy, callback()), 401);
});

Deno.test("a key that was shown over REP makes its address known, too", async () => {
  await using proxy = await startTestProxy();
  const { port } = proxy;
  await using client = new RepClient(`ws://127.0.0.1:${port}/rep`, {
    token: KEY,
  });
  await client.ready;
  assert.equal(await statusFrom(ELSEWHERE, proxy, callback()), 204);
  assert.equal(await statusFrom(BOT, proxy, callback()), 401);
});

Deno.test("an address is known no longer than the key that it sent", async () => {
  await using proxy = await startTestProxy({
    env: { REST_KEYS_FILE: "keys.json" },
    access: { keys: [keyEntry()], bots: [] },
  });
  assert.equal(await statusFrom(BOT, proxy, login(`Bot ${SECOND_KEY}`)), 503);
  assert.equal(await statusFrom(BOT, proxy, callback()), 204);
  proxy.proxy.replaceKeys([keyEntry()]);
  assert.equal(await statusFrom(BOT, proxy, callback()), 204);
  proxy.proxy.replaceKeys([]);
  assert.equal(await statusFrom(BOT, proxy, callback()), 401);
});

for (
  const rights of [
    { isReadOnly: true },
    { routes: [{ method: "GET", segments: ["users"], isOpenEnded: true }] },
  ]
) {
  Deno.test(`a key with ${Object.keys(rights)} makes its address known to nobody, and takes that from no other key`, async () => {
    const key = keyOf("bounded", SECOND_KEY, rights);
    await using proxy = await startTestProxy({
      env: { REST_KEYS_FILE: "keys.json" },
      access: { keys: [key], bots: [] },
    });
    const bounded = login(SECOND_KEY);
    assert.equal(await statusFrom(BOT, proxy, bounded), 503);
    assert.equal(await statusFrom(BOT, proxy, callback()), 401);
    assert.equal(await statusFrom(BOT, proxy, login(KEY)), 503);
    assert.equal(await statusFrom(BOT, proxy, bounded), 503);
    assert.equal(await statusFrom(BOT, proxy, callback()), 204);
  });
}

for (const [openTokenRoutes, status] of [["true", 204], ["false", 401]]) {
  Deno.test(`with REST_OPEN_TOKEN_ROUTES=${openTokenRoutes} a keyless callback gets ${status}, known or not`, async () => {
    await using proxy = await startTestProxy({
      env: { REST_OPEN_TOKEN_ROUTES: String(openTokenRoutes) },
    });
    assert.equal(await statusFrom(BOT, proxy, callback()), status);
    assert.equal(await statusFrom(BOT, proxy, login(KEY)), 200);
    assert.equal(await statusFrom(BOT, proxy, callback()), status);
  });
}

Deno.test("callers without a key fill their share of the queue, not that of the keys", async () => {
  await using proxy = await startTestProxy({
    env: { REST_OPEN_TOKEN_ROUTES: "true", REST_QUEUE_LIMIT: "8" },
    sim: { latencyOut: { minMs: 300, maxMs: 300 } },
  });
  const webhook = (n: number) => byDiscordPy(`/api/v10/webhooks/${n}/token`);
  const statuses = await Promise.all(
    Array.from(
      { length: 6 },
      (_, n) => statusFrom(BOT, proxy, webhook(1_300_000_000_000 + n)),
    ),
  );
  assert.deepEqual(statuses.sort(), [204, 204, 429, 429, 429, 429]);
  assert.equal(await statusFrom(BOT, proxy, login(KEY)), 200);
});

const SECOND_KEY = "a-second-key-of-the-tests";

function keyEntry() {
  return keyOf("second", SECOND_KEY);
}
