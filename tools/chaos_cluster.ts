/** `deno task chaos:cluster`: four proxies, twenty bots, proxies killed, stopped and replaced under load. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { runClusterChaos } from "./chaos/cluster/run_cluster.ts";
import {
  type JournaledChaosReport,
  runJournaledChaos,
} from "./chaos/cluster/run_journaled.ts";
import type { ClusterVerdict, Disturbance } from "./chaos/cluster/verdict.ts";
import { HOW_TO_GET_REDIS, redisServerPath } from "./cluster/redis_server.ts";
import { numberOptions, taskWords } from "./task_words.ts";

const USAGE = `deno task chaos:cluster [--seed 1] [--bots 20] [--messages 500]
  [--rounds 1] [--proxies 4] [--log 0] [--journal 0] [--outages 0] [--minutes 60]

Messages of many bots through several proxies and a Redis of their own, each of
which is killed, stopped for eight seconds and replaced in turn, as often as
there are rounds. With --journal 1 bots have sessions, names and answers to be
fetched later; they are killed as well, and all of it goes on until every bot is
done, for so many minutes at most. With --outages 1 Redis is stopped besides,
and bots speak HTTP, since they send again what was refused meanwhile. Exit code
1 when a message was lost, doubled or reordered, Discord said 429 or a call
failed.`;

const { seed, bots, messages, rounds, proxies, log, ...more } = taskWords(
  USAGE,
  (words) =>
    numberOptions(words, {
      seed: 1,
      bots: 20,
      messages: 500,
      rounds: 1,
      proxies: 4,
      log: 0,
      journal: 0,
      outages: 0,
      minutes: 60,
    }),
);
const redis = redisServerPath();
if (redis === undefined) {
  console.error(HOW_TO_GET_REDIS);
  Deno.exit(2);
}
const size = {
  ...{ seed, bots, messages, proxies, redis },
  ...log > 0 && { tell: (line: string) => console.log(line) },
};
/** Each time at the next proxy, so that every kind meets each of them where their numbers have no common divisor. */
const KINDS: readonly Disturbance[] = ["kill", "term", "kill", "stop", "kill"];

const startMs = performance.now();
const problems = more.journal > 0
  ? await withJournal()
  : await withoutJournal();
for (const problem of problems) console.log(`  ${problem}`);
Deno.exit(problems.length === 0 ? 0 : 1);

/** Each of them done to each proxy once. */
function toEach(...kinds: Disturbance[]): Disturbance[] {
  return kinds.flatMap((kind) => Array<Disturbance>(proxies).fill(kind));
}

async function withoutJournal(): Promise<readonly string[]> {
  const round = toEach("kill", "stop", "term");
  const disturbances = Array.from({ length: rounds }, () => round).flat();
  const verdict = await runClusterChaos({ ...size, disturbances });
  tell(verdict, verdict.limited, `${verdict.disturbances} disturbances`);
  const slowest = verdict.slowestMs.map(([what, ms]) =>
    `${what} ${(ms / 1_000).toFixed(1)} s`
  );
  console.log(`  slowest message at each: ${slowest.join(", ")}`);
  console.log(`  told as unknown: ${JSON.stringify(verdict.unknown)}`);
  return verdict.problems;
}

async function withJournal(): Promise<readonly string[]> {
  const hasOutages = more.outages > 0;
  const report = await runJournaledChaos({
    ...size,
    disturbances: hasOutages ? [...KINDS, "redis", "kill"] : KINDS,
    kinds: hasOutages ? ["key", "async"] : ["rep", "key", "rep", "async"],
    runMsMax: more.minutes * 60_000,
  });
  const { problems, lost, refused, doubled, reordered } = report;
  const { unknown, limited, kills, cuts, missed } = report;
  const said429 = Object.values(limited).reduce((all, count) => all + count, 0);
  tell(report, said429, `${deathsIn(report)} of proxies and Redis`);
  const ways = Object.entries(cuts).map(([way, count]) => `${count} ${way}`);
  console.log(
    `  ${lost} lost, ${refused} refused, ${doubled} doubled, ` +
      `${reordered} reordered, ` +
      `${report.sentAgainBehind} refused and sent again behind, ` +
      `${unknown} unknown and told so; bots killed ${kills} times, ` +
      `sockets cut: ${ways.join(", ")}; ${missed} replies in a later life`,
  );
  return problems;
}

function deathsIn({ disturbances }: JournaledChaosReport): string {
  return Object.entries(disturbances)
    .map(([kind, count]) => `${count} ${kind}`).join(", ");
}

function tell(
  { problems, messages }: Pick<ClusterVerdict, "problems" | "messages">,
  limited: number,
  disturbances: string,
): void {
  const tookS = (performance.now() - startMs) / 1_000;
  console.log(
    `seed ${seed}: ${problems.length === 0 ? "ok" : "FAILED"} in ` +
      `${tookS.toFixed(0)} s; ${messages} messages of ${bots} bots ` +
      `(${(messages / tookS * 60).toFixed(0)} a minute), ` +
      `${limited} 429s, ${disturbances}`,
  );
}
