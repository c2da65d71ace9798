/** The proxy is killed, too: what `deno task chaos` does for longer. */
import assert from "node:assert/strict";
import { livesOf } from "../../tools/chaos/proxy_lives.ts";
import { runChaos } from "../../tools/chaos/run_chaos.ts";

const SEED = 1;

Deno.test("chaos: bots over REP and HTTP, they and the proxy killed with signal 9: nothing lost but what its bot was told of, nothing twice, nothing out of order (seed 1)", async () => {
  const report = await runChaos({
    seed: SEED,
    bots: 6,
    messages: 170,
    kinds: ["rep", "key", "async"],
    proxyLives: livesOf({ minMs: 500, maxMs: 2_500 }),
  });
  const { problems, kills, proxyKills, unknown } = report;
  assert.deepEqual(problems, [], `replay: SIM_SEEDS=${SEED} deno task chaos`);
  assert.ok(kills + proxyKills >= 10, `${kills} and ${proxyKills} kills`);
  assert.ok(proxyKills >= 3, `the proxy died ${proxyKills} times`);
  assert.ok(unknown <= proxyKills * 6);
});
