/** Real proxies, a real Redis and the simulated Discord as one stage, and what happens on it. */
import assert from "node:assert/strict";
import { type Sim, startSim } from "../../sim/server.ts";
import { type ProxyProcess, settled, startProxyProcess } from "./_processes.ts";
import { Stall } from "./_stall.ts";
import { hasRedis, startRedis, type TestRedis } from "./_redis.ts";

export interface Stage {
  readonly sim: Sim;
  readonly redis: TestRedis;
  readonly proxies: readonly ProxyProcess[];
  readonly stall: Stall;
}

export function stageTest(
  name: string,
  count: number,
  fn: (stage: Stage) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !hasRedis,
    async fn() {
      await using sim = await startSim();
      await using redis = await startRedis();
      await using stack = new AsyncDisposableStack();
      const proxies = await Promise.all(
        Array.from({ length: count }, async () => {
          const proxy = await startProxyProcess(redis, sim.url);
          stack.use(proxy.child);
          return proxy;
        }),
      );
      await settled(proxies);
      using stall = new Stall();
      await fn({ sim, redis, proxies, stall });
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
    const at = figures.findIndex((text) => /^sluice_owner.* 1$/m.test(text));
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
