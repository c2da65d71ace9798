import assert from "node:assert/strict";
import {
  AddressExchange,
  type AddressExchangeDeps,
} from "../../rest/cluster/address_exchange.ts";
import type {
  AddressBook,
  KeptAddress,
} from "../../rest/domain/kept_address.ts";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import { login, reply } from "../keys/_hosts.ts";
import { TOKEN } from "../_proxy.ts";
import { until } from "./_clusters.ts";
import {
  PROXY_KEY,
  type ProxyProcess,
  startProxyProcess,
} from "./_processes.ts";
import { hasRedis, startRedis } from "./_redis.ts";
import { stageTest } from "./_stage.ts";

/** A proxy that believes everything that it hears. */
class Believer {
  readonly heard = new Map<string, KeptAddress>();
  readonly exchange: AddressExchange;
  book: AddressBook | undefined;

  constructor(redis: AddressExchangeDeps["redis"]) {
    this.exchange = new AddressExchange({ clock: SYSTEM_CLOCK, redis }, {
      keepIn: (book) => void (this.book = book),
      take: (kept) => {
        for (const one of kept) this.heard.set(one.address, one);
      },
    });
  }
}

function keptOf(address: string, mark = "m"): KeptAddress {
  return { address, kind: "key", name: "k", usedAtWallMs: 1, mark };
}

Deno.test({
  name:
    "what one proxy tells of an address reaches the others, and one that comes later has all of it when its start has settled",
  ignore: !hasRedis,
  async fn() {
    await using redis = await startRedis();
    const link = await redis.link();
    const [a, b] = [new Believer(link), new Believer(await redis.link())];
    await Promise.all([a.exchange.start(), b.exchange.start()]);
    a.book?.keep(keptOf("10.0.0.1"));
    await until(() => b.heard.has("10.0.0.1"), 6_000);
    b.book?.keep(keptOf("10.0.0.1", "later"));
    await until(() => a.heard.get("10.0.0.1")?.mark === "later", 6_000);
    // What nobody has read yet is told at the end.
    a.book?.keep(keptOf("10.0.0.2"));
    await a.exchange.end();
    // A stranger's words harm nobody.
    await link.call(["ZADD", "{sluice}:addresses", "9e15", "10.0.0.3"]);
    await link.call(["HSET", "{sluice}:addresses:told", "10.0.0.3", "{"]);
    const c = new Believer(await redis.link());
    await c.exchange.start();
    assert.deepEqual([...c.heard.keys()].sort(), ["10.0.0.1", "10.0.0.2"]);
    await Promise.all([b.exchange.end(), c.exchange.end()]);
  },
});

Deno.test({
  name: "what is told while Redis is away is told when it is there again",
  ignore: !hasRedis,
  async fn() {
    await using redis = await startRedis();
    const [a, b] = [
      new Believer(await redis.link()),
      new Believer(await redis.link()),
    ];
    await redis.kill();
    await a.exchange.start();
    a.book?.keep(keptOf("10.0.0.1"));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await redis.restart();
    await b.exchange.start();
    await until(() => b.heard.has("10.0.0.1"), 6_000);
    await Promise.all([a.exchange.end(), b.exchange.end()]);
  },
});

for (const key of [PROXY_KEY, `Bot ${TOKEN}`]) {
  const what = key === PROXY_KEY ? "a key" : "a bot's token";
  stageTest(
    `who has shown ${what} at one door answers interactions without it at every other one, and at one that starts later`,
    2,
    async ({ proxies, redis, sim }) => {
      const [a, b] = proxies;
      assert.ok(a !== undefined && b !== undefined);
      assert.match(await reply(portOf(b)), /^401 /);
      assert.match(await login(portOf(a), key), /^200 /);
      assert.equal(await reply(portOf(a)), "204");
      const untilMs = performance.now() + 5_000;
      while (await reply(portOf(b)) !== "204") {
        assert.ok(performance.now() < untilMs);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      a.child.signal("SIGKILL");
      const c = await startProxyProcess(redis, sim.url);
      await using _ = c.child;
      assert.equal(await reply(portOf(c)), "204");
    },
  );
}

function portOf({ url }: ProxyProcess): number {
  return Number(new URL(url).port);
}
