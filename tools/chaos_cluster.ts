/** `deno task chaos:cluster`: four proxies, twenty bots, proxies killed, stopped and replaced under load. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { runClusterChaos } from "./chaos/cluster/run_cluster.ts";
import type { Disturbance } from "./chaos/cluster/verdict.ts";
import { HOW_TO_GET_REDIS, redisServerPath } from "./cluster/redis_server.ts";
import { numberOptions, taskWords } from "./task_words.ts";

const USAGE = `deno task chaos:cluster [--seed 1] [--bots 20] [--messages 500]
  [--rounds 1] [--proxies 4] [--log 0]

Messages of many bots through several proxies and a Redis of their own, each of
which is killed, stopped for eight seconds and replaced in turn, as often as
there are rounds. Exit code 1 when a message was lost, doubled or reordered,
Discord said 429, or a call failed.`;

const { seed, bots, messages, rounds, proxies, log } = taskWords(
  USAGE,
  (words) =>
    numberOptions(words, {
      seed: 1,
      bots: 20,
      messages: 500,
      rounds: 1,
      proxies: 4,
      log: 0,
    }),
);
const redis = redisServerPath();
if (redis === undefined) {
  console.error(HOW_TO_GET_REDIS);
  Deno.exit(2);
}
const kinds: Disturbance[] = ["kill", "stop", "term"];
const disturbances = Array.from(
  { length: rounds },
  () => kinds.flatMap((kind) => Array<Disturbance>(proxies).fill(kind)),
).flat();
const startMs = performance.now();
const verdict = await runClusterChaos({
  seed,
  bots,
  messages,
  proxies,
  disturbances,
  redis,
  ...log > 0 && { tell: (line: string) => console.log(line) },
});
const slowest = verdict.slowestMs.map(([what, ms]) =>
  `${what} ${(ms / 1_000).toFixed(1)} s`
);
console.log(
  `seed ${seed}: ${verdict.problems.length === 0 ? "ok" : "FAILED"} in ` +
    `${((performance.now() - startMs) / 1_000).toFixed(0)} s; ` +
    `${verdict.messages} messages of ${bots} bots, ${verdict.limited} 429s, ` +
    `${verdict.disturbances} disturbances`,
);
console.log(`  slowest message at each: ${slowest.join(", ")}`);
console.log(`  told as unknown: ${JSON.stringify(verdict.unknown)}`);
for (const problem of verdict.problems) console.log(`  ${problem}`);
Deno.exit(verdict.problems.length === 0 ? 0 : 1);
