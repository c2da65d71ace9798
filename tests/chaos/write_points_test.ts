/** The proxy is killed at its writes, and its disk fails: real processes, traced. */
import assert from "node:assert/strict";
import {
  killedAtSends,
  killedAtWrites,
  onAFailingDisk,
} from "../../tools/chaos/proxy_lives.ts";
import { runChaos } from "../../tools/chaos/run_chaos.ts";
import { redisServerPath } from "../../tools/cluster/redis_server.ts";
import { hasStrace } from "../_strace.ts";

const REPLAY = "replay: SIM_SEEDS=1 deno task chaos";

const HAS_STRACE = await hasStrace();

Deno.test({
  name:
    "chaos: a proxy killed at any of its writes loses, doubles and reorders nothing, and tells what nobody can know (seed 1)",
  ignore: !HAS_STRACE,
  async fn() {
    const { problems, proxyKills } = await runChaos({
      seed: 1,
      bots: 4,
      messages: 120,
      kinds: ["rep", "key", "async", "rep"],
      proxyLives: killedAtWrites,
    });
    assert.deepEqual(problems, [], REPLAY);
    assert.ok(proxyKills > 2, `${proxyKills} kills`);
  },
});

Deno.test({
  name:
    "chaos: a proxy on a disk that is full or fails now and then loses, doubles and reorders nothing (seed 1)",
  ignore: !HAS_STRACE,
  async fn() {
    const { problems, proxyKills } = await runChaos({
      seed: 1,
      bots: 4,
      messages: 60,
      // Over HTTP a bot sends what was refused again before it goes on.
      kinds: ["key", "async"],
      proxyLives: onAFailingDisk,
    });
    assert.deepEqual(problems, [], REPLAY);
    assert.ok(proxyKills > 1, `${proxyKills} kills`);
  },
});

const REDIS = redisServerPath();

Deno.test({
  name:
    "chaos: a proxy with its journal in Redis, killed at any of its sends, loses, doubles and reorders nothing, and tells what nobody can know (seed 1)",
  ignore: !HAS_STRACE || REDIS === undefined,
  async fn() {
    const { problems, proxyKills } = await runChaos({
      seed: 1,
      bots: 3,
      messages: 60,
      kinds: ["rep", "key", "async"],
      proxyLives: killedAtSends,
      redis: REDIS,
    });
    assert.deepEqual(problems, [], REPLAY);
    assert.ok(proxyKills > 2, `${proxyKills} kills`);
  },
});
