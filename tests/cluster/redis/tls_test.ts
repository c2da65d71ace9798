import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../../rest/clock/system_clock.ts";
import {
  openRedisLink,
  type RedisLink,
} from "../../../rest/cluster/redis/link.ts";
import { Secret } from "../../../rest/domain/secret.ts";
import { startSim } from "../../../sim/server.ts";
import { CA, fixturePath, PAIR } from "../../tls/_callers.ts";
import { PROXY_KEY, startProxyProcess } from "../_processes.ts";
import { hasRedis, startRedis, type TestRedis } from "../_redis.ts";
import { freePort } from "../../../tools/free_port.ts";

const ignore = !hasRedis;
const PASSWORD = "the-password-of-the-redis-0123456789";

/** A Redis that speaks TLS at a second port. */
async function startTlsRedis(): Promise<
  { readonly redis: TestRedis; readonly url: Secret }
> {
  const port = freePort();
  const redis = await startRedis(
    ...["--tls-port", `${port}`, "--tls-auth-clients", "no"],
    ...["--tls-cert-file", fixturePath("cert.pem")],
    ...["--tls-key-file", fixturePath("key.pem")],
    ...["--tls-ca-cert-file", fixturePath("ca.pem")],
    ...["--requirepass", PASSWORD],
  );
  const url = new Secret(`rediss://:${PASSWORD}@localhost:${port}`);
  return { redis, url };
}

Deno.test({
  name:
    "over rediss:// Redis is believed by a certificate that is trusted, and by no other",
  ignore,
  async fn() {
    const { redis, url } = await startTlsRedis();
    await using _ended = redis;
    const trusting = await openRedisLink(url, SYSTEM_CLOCK, CA);
    assert.equal(await trusting.call(["PING"]), "PONG");
    trusting.close();
    const other = await openRedisLink(url, SYSTEM_CLOCK);
    const said = await failureOf(other);
    assert.match(said, /certificate/);
    assert.ok(!said.includes(PASSWORD));
    other.close();
  },
});

async function failureOf(link: RedisLink): Promise<string> {
  return await link.call(["PING"]).then(String, String);
}

Deno.test({
  name:
    "two proxies serve a bot with TLS to Redis, to each other and to callers, by one authority in REST_TLS_CERT",
  ignore,
  async fn() {
    await using sim = await startSim();
    const { redis, url } = await startTlsRedis();
    await using _ended = redis;
    const folder = await Deno.makeTempDir();
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    await Deno.writeTextFile(cert, PAIR.cert + CA);
    await Deno.writeTextFile(key, PAIR.key);
    await using stack = new AsyncDisposableStack();
    const proxies = await Promise.all([0, 1].map(async () => {
      const proxy = await startProxyProcess(redis, sim.url, {
        REST_REDIS_URL: url.reveal(),
        REST_PEER_URL: `https://localhost:${freePort()}`,
        REST_TLS_CERT: cert,
        REST_TLS_KEY: key,
      });
      stack.use(proxy.child);
      return proxy;
    }));
    for (const { child } of proxies) {
      await child.seen(
        /sends for [1-9]\d? of 64 scopes, beside 1 other proxy\b/,
      );
    }
    using client = Deno.createHttpClient({ caCerts: [CA] });
    const statuses = await Promise.all(proxies.map(async (proxy) => {
      const response = await fetch(`${proxy.url}/api/v10/channels/1/messages`, {
        client,
        method: "POST",
        headers: {
          authorization: PROXY_KEY,
          "content-type": "application/json",
        },
        body: '{"content":"hello"}',
      });
      await response.body?.cancel();
      return response.status;
    }));
    assert.deepEqual(statuses, [200, 200]);
    assert.equal(sim.requests().length, 2);
    await Deno.remove(folder, { recursive: true });
  },
});
