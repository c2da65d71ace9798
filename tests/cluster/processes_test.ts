/** Real proxies, a real Redis, and the simulated Discord. */
import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { type ProxyProcess, settled, startProxyProcess } from "./_processes.ts";
import { hasRedis, startRedis, type TestRedis } from "./_redis.ts";
import type { Sim } from "../../sim/server.ts";

interface Stage {
  readonly sim: Sim;
  readonly redis: TestRedis;
  readonly proxies: readonly ProxyProcess[];
}

function stageTest(
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
      const proxies: ProxyProcess[] = [];
      for (let at = 0; at < count; at++) {
        const proxy = await startProxyProcess(redis, sim.url);
        stack.use(proxy.child);
        proxies.push(proxy);
      }
      await settled(proxies);
      await fn({ sim, redis, proxies });
    },
  });
}

stageTest(
  "400 posts over 100 channels through three proxies meet no 429",
  3,
  async (stage) => {
    const { sim, proxies } = stage;
    const posts = Array.from(
      { length: 400 },
      (_, at) => proxies[at % 3]?.post(1000 + at % 100, `${at}`),
    );
    const statuses = await Promise.all(posts);
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    assert.equal(
      sim.requests().filter(({ status }) => status === 429).length,
      0,
    );
  },
);
