/** Real proxies, a real Redis and the simulated Discord as one stage, and what happens on it. */
import assert from "node:assert/strict";
import { type Sim, type SimOptions, startSim } from "../../sim/server.ts";
import { type ProxyProcess, settled, startProxyProcess } from "./_processes.ts";
import { Stall } from "./_stall.ts";
import { type RedisRelay, startRedisRelay } from "./_redis_relay.ts";
import { hasRedis, startRedis, type TestRedis } from "./_redis.ts";

export interface Stage {
  readonly sim: Sim;
  readonly redis: TestRedis;
  readonly proxies: readonly ProxyProcess[];
  readonly stall: Stall;
  /** The way of each proxy to Redis, in the same order. */
  readonly relays: readonly RedisRelay[];
}

export function stageTest(
  name: string,
  count: number,
  fn: (stage: Stage) => Promise<void>,
  options: SimOptions = {},
  settings: Readonly<Record<string, string>> = {},
): void {
  Deno.test({
    name,
    ignore: !hasRedis,
    async fn() {
      await using sim = await startSim(options);
      await using redis = await startRedis();
      await using stack = new AsyncDisposableStack();
      const started = Array.from({ length: count }, async () => {
        const relay = stack.use(await startRedisRelay(redis.port));
        const env = { REST_REDIS_URL: relay.url, ...settings };
        const proxy = await startProxyProcess(redis, sim.url, env);
        stack.use(proxy.child);
        return { relay, proxy };
      });
      const all = await Promise.all(started);
      const proxies = all.map(({ proxy }) => proxy);
      const relays = all.map(({ relay }) => relay);
      await settled(proxies);
      using stall = new Stall();
      await fn({ sim, redis, proxies, stall, relays });
    },
  });
}

/** The proxy that sends for the bot, and the others, which are doors. */
export async function partsOf(proxies: readonly ProxyProcess[]): Promise<{
  readonly owner: ProxyProcess;
  readonly doors: readonly ProxyProcess[];
}> {
  for (;;) {
    const figures = await Promise.all(proxies.map((one) => one.figures()));
    const at = figures.findIndex((text) => /^sluice_owner\{.* 1$/m.test(text));
    const owner = proxies[at];
    if (owner === undefined) continue;
    return { owner, doors: proxies.filter((one) => one !== owner) };
  }
}

/** Messages through one proxy, each 50 ms, each to a channel of its own; ends with what came of them. */
export function stream(
  through: ProxyProcess,
  channel: string,
): { end(): Promise<(number | undefined)[]> } {
  let isOver = false;
  const statuses: Promise<number | undefined>[] = [];
  const done = (async () => {
    for (let count = 0; !isOver; count++) {
      statuses.push(through.post(`${channel}${count}`, `${count}`));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return await Promise.all(statuses);
  })();
  return {
    end() {
      isOver = true;
      return done;
    },
  };
}

/** Five messages a second to a channel, and always more that wait: two proxies that send both would meet a 429 at once. */
export const HOT_CHANNEL: SimOptions = {
  rules: [{
    match: "POST /channels/{}/messages",
    limit: 5,
    periodMs: 1_000,
  }],
};

/** Callers of one channel through each of these proxies, each with one message after the other; ends with what came of them. */
export function crowd(
  through: readonly ProxyProcess[],
): { end(): Promise<(number | undefined)[]> } {
  let isOver = false;
  const statuses: (number | undefined)[] = [];
  const callers = through.flatMap((proxy, at) =>
    [1, 2].map(async (caller) => {
      for (let count = 0; !isOver; count++) {
        statuses.push(await proxy.post(9, `${at} ${caller} ${count}`));
      }
    })
  );
  return {
    async end() {
      isOver = true;
      await Promise.all(callers);
      return statuses;
    },
  };
}

/** On the clock of what the simulated Discord notes. */
export function simNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The longest time without a request at the simulated Discord since `fromMs`. */
export function longestGapMs(sim: Sim, fromMs: number): number {
  const times = sim.requests().map(({ receivedAtMs }) => receivedAtMs)
    .filter((atMs) => atMs >= fromMs).sort((a, b) => a - b);
  const marks = [fromMs, ...times, simNowMs()];
  return Math.max(
    ...marks.slice(1).map((atMs, at) => atMs - (marks[at] ?? atMs)),
  );
}

export function assertNoLimit(sim: Sim): void {
  const limited = sim.requests().filter(({ status }) => status === 429);
  assert.deepEqual(limited.map(({ target }) => target), []);
}

/** No message was made twice: each has a content of its own. */
export function assertOnce(sim: Sim): void {
  const made = sim.requests().filter(({ executed }) => executed)
    .map(({ target, body }) => `${target} ${new TextDecoder().decode(body)}`);
  assert.equal(new Set(made).size, made.length);
}
