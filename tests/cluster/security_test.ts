/** What Redis gets to know, and what who writes to it can do. */
import assert from "node:assert/strict";
import { createRedisStore } from "../../rest/cluster/journal/redis_store.ts";
import { entryIdOf } from "../../rest/domain/entry_id.ts";
import { encodeEntry } from "../../rest/journal/codec/entry_codec.ts";
import { BOT as OF_ANOTHER, requestOf } from "../dispatcher/_builders.ts";
import { scopeOfIdentity } from "../../rest/cluster/ownership/scopes.ts";
import { startSim } from "../../sim/server.ts";
import { TOKEN } from "../_proxy.ts";
import {
  PROXY_KEY,
  type ProxyProcess,
  settled,
  startProxyProcess,
} from "./_processes.ts";
import { hasRedis, startRedis, type TestRedis } from "./_redis.ts";
import { RawRedis } from "./_redis_raw.ts";

const ignore = !hasRedis;

const PASSWORD = "the-password-of-the-redis-0123456789";
const PEER_KEY = "a-key-of-the-peers-0123456789";
const BOT = "bot:123456789012345678";

/** What nobody may find there, each in a request of its own. */
const SECRETS = {
  "the bot's token": TOKEN,
  "the secret part of it": TOKEN.split(".").at(-1) ?? "",
  "the key of REST_AUTHORIZATION": PROXY_KEY,
  "the key of the peers": PEER_KEY,
  "a webhook's token": `${"webhook-token-".repeat(4)}0123456789ab`,
  "an interaction's token": `aW50ZXJhY3Rpb246${"interaction".repeat(6)}`,
  "a token that a caller brought": `${btoa("876543210987654321")}.brought.${
    "brought-token-".repeat(3)
  }`,
  "what a message says": "a text between the bot and its users",
  "an Idempotency-Key": "a-name-that-a-caller-gave",
} as const;

Deno.test({
  name:
    "Redis holds no token, no key and no body, and is told none, while webhooks, callbacks, promises and brought tokens are served",
  ignore,
  async fn() {
    const latencyOut = { minMs: 600, maxMs: 600 };
    await using sim = await startSim({ latencyOut });
    await using redis = await startRedis("--requirepass", PASSWORD);
    const url = `redis://:${PASSWORD}@127.0.0.1:${redis.port}`;
    using looking = await RawRedis.open(redis.port, PASSWORD);
    using listening = await RawRedis.open(redis.port, PASSWORD);
    const told = await listening.monitor();
    await using stack = new AsyncDisposableStack();
    const env = { REST_REDIS_URL: url, REST_JOURNAL_WRITES: "all" };
    const proxies = await Promise.all([0, 1].map(async () => {
      const proxy = await startProxyProcess(redis, sim.url, env);
      stack.use(proxy.child);
      return proxy;
    }));
    await settled(proxies);
    const asked = proxies.flatMap((proxy, at) => everyKind(proxy.url, at));
    const dumps = [];
    for (let at = 0; at < 4; at++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      dumps.push(await looking.dump());
    }
    const statuses = await Promise.all(asked);
    assert.deepEqual(statuses.filter((status) => status >= 400), []);
    const all = [...dumps, await looking.dump(), told.text()];
    // Rows were there, and were looked at.
    assert.ok(all.some((text) => text.includes("aes256gcm:")));
    assert.ok(told.text().includes(`{sluice}:journal:`));
    for (const [what, secret] of Object.entries(SECRETS)) {
      assert.ok(secret.length > 15);
      assert.ok(!all.some((text) => text.includes(secret)), what);
    }
  },
});

/** One request of each kind, each with what it has to keep to itself. */
function everyKind(url: string, at: number): Promise<number>[] {
  const [webhook, interaction, brought] = [
    SECRETS["a webhook's token"],
    SECRETS["an interaction's token"],
    SECRETS["a token that a caller brought"],
  ];
  const content = SECRETS["what a message says"];
  const post = (path: string, headers: Record<string, string> = {}) =>
    ask(url, path, JSON.stringify({ content }), headers);
  const name = SECRETS["an Idempotency-Key"];
  return [
    post("/channels/1/messages"),
    post("/channels/2/messages", { "idempotency-key": `${name}-${at}` }),
    post("/channels/3/messages", { prefer: "respond-async" }),
    post(`/webhooks/77/${webhook}`),
    post(`/webhooks/78/${webhook}`, { prefer: "respond-async" }),
    post(`/webhooks/123456789012345678/${interaction}`),
    post(`/interactions/88${at}/${interaction}/callback`),
    post("/channels/4/messages", {
      "x-rest-authorization": PROXY_KEY,
      authorization: `Bot ${brought}`,
    }),
    // Its answer holds a webhook's token.
    ask(url, "/channels/5/webhooks", '{"name":"a webhook"}', {
      prefer: "respond-async",
    }),
  ];
}

async function ask(
  url: string,
  path: string,
  body: string,
  headers: Record<string, string>,
): Promise<number> {
  const response = await fetch(`${url}/api/v10${path}`, {
    method: "POST",
    headers: {
      authorization: PROXY_KEY,
      "content-type": "application/json",
      ...headers,
    },
    body,
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test({
  name:
    "who writes a request into Redis has nothing sent: rows that no proxy has written are passed over, and told of",
  ignore,
  async fn() {
    await using sim = await startSim();
    await using redis = await startRedis();
    await forge(redis);
    const proxy = await startProxyProcess(redis, sim.url);
    await using _ended = proxy.child;
    await settled([proxy]);
    assert.equal(await proxy.post(1, "a message of ours"), 200);
    const sent = sim.requests().map(({ body }) =>
      new TextDecoder().decode(body)
    );
    assert.deepEqual(sent, ['{"content":"a message of ours"}']);
    await proxy.child.seen(/1 row of the journal in Redis was written with/);
  },
});

/** Writes a request as the product itself would, but for the key. */
async function forge(redis: TestRedis): Promise<void> {
  const scope = scopeOfIdentity(BOT);
  const store = createRedisStore({
    redis: await redis.link(),
    epochOf: () => 1,
    wallMs: Date.now,
  });
  const request = requestOf("POST", {
    text: '{"content":"forged"}',
    headers: [["content-type", "application/json"]],
    identity: { ...OF_ANOTHER, id: BOT },
  });
  const entry = { entryId: entryIdOf(Date.now(), 1), request };
  const row = encodeEntry({ ...entry, guarantee: undefined }, "queued", {
    acceptedWallMs: Date.now(),
    expiresWallMs: Date.now() + 60_000,
  });
  await store.claimEpoch(scope);
  const id = `${BOT} ${row.id}`;
  await store.append([{ kind: "put", row: { ...row, scope, id } }]);
}

Deno.test({
  name:
    "who writes an owner or a proxy into Redis is not sent the key of the peers, nor a request",
  ignore,
  async fn() {
    await using sim = await startSim();
    await using redis = await startRedis();
    using writing = await RawRedis.open(redis.port);
    using stranger = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let heard = "";
    void (async () => {
      for await (const connection of stranger) {
        const buffer = new Uint8Array(4_096);
        const count = await connection.read(buffer) ?? 0;
        heard += new TextDecoder().decode(buffer.subarray(0, count));
        connection.close();
      }
    })().catch(() => {});
    const proxy = await startProxyProcess(redis, sim.url);
    await using _ended = proxy.child;
    await settled([proxy]);
    const url = `http://127.0.0.1:${stranger.addr.port}`;
    // As if signed, by somebody without the key.
    for (const address of [url, `${url}#${"A".repeat(43)}`]) {
      const nowMs = Date.now();
      const member = `${address} ${nowMs} ${nowMs + 60_000} 0`;
      await writing.call("HSET", "{sluice}:members", "stranger", member);
      const owner = `stranger ${nowMs + 1_000_000} ${nowMs + 60_000} ${
        nowMs + 60_000
      } ${address}`;
      const scope = scopeOfIdentity(BOT);
      await writing.call("HSET", "{sluice}:owners", scope, owner);
      await untilFigures(proxy, /^sluice_ownerless.* 1$/m);
      // It waits until the proxy has the bot again.
      assert.equal(await proxy.post(1, "for nobody else"), 200);
      assert.doesNotMatch(await proxy.figures(), /^sluice_peers [1-9]/m);
    }
    // Its questions are asked every five seconds.
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    assert.equal(heard, "");
  },
});

async function untilFigures(
  proxy: ProxyProcess,
  pattern: RegExp,
): Promise<void> {
  while (!pattern.test(await proxy.figures())) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
