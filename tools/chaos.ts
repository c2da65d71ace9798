/** Bots killed and restarted, sockets cut, seed by seed: part of `deno task sim`. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import {
  type ChaosReport,
  LIFTED,
  replayOf,
  runChaos,
} from "./chaos/run_chaos.ts";
import { flags, taskWords } from "./task_words.ts";

const USAGE = `SIM_SEEDS=… deno task sim

Judges the scheduler in worlds of its own, and the whole proxy while bots are
killed and restarted and their sockets cut. SIM_SEEDS=1,2,3 chooses the seeds,
SIM_SEEDS=new draws five. Exit code 1 when a message or a reply was lost,
doubled or late.`;

/** As many as bots of middle size have shards, with work for ten seconds at least. */
const SIZE = { bots: 20, messages: 500 } as const;

const seeds = taskWords(USAGE, (words) => {
  flags(words, []);
  return seedsOf(Deno.env.get("SIM_SEEDS") ?? "1,2,3,4,5");
});
console.log(
  `chaos: ${SIZE.bots} bots x ${SIZE.messages} messages, killed and restarted, ` +
    `sockets cut; the simulator's limits are lifted to ` +
    `${LIFTED.globalPerSecond}/s in all, ${LIFTED.channelPerSecond}/s per channel`,
);
let failed = 0;
for (const seed of seeds) {
  const report = await runChaos({ seed, ...SIZE });
  console.log(lineOf(seed, report));
  if (report.problems.length === 0) continue;
  failed++;
  for (const problem of report.problems) console.log(`  ${problem}`);
  console.log(`  replay: ${replayOf(seed)}`);
}
if (failed > 0) Deno.exit(1);

function seedsOf(wish: string): number[] {
  if (/^[0-9]{1,15}(?:,[0-9]{1,15})*$/.test(wish)) {
    return wish.split(",").map(Number);
  }
  if (wish !== "new") {
    throw new Error(
      `Cannot read SIM_SEEDS ${JSON.stringify(wish)}: want whole numbers ` +
        'with commas between them, or "new"',
    );
  }
  return Array.from({ length: 5 }, () => Math.floor(Math.random() * 1e9));
}

function lineOf(seed: number, report: ChaosReport): string {
  const { problems, kills, cuts, missed, limited, tookMs } = report;
  const ways = Object.entries(cuts).map(([way, count]) => `${count} ${way}`);
  const refused = Object.values(limited).reduce((all, n) => all + n, 0);
  return `seed ${seed}: ${problems.length === 0 ? "ok" : "FAILED"} ` +
    `in ${(tookMs / 1_000).toFixed(1)} s; ${kills} kills, ` +
    `sockets cut: ${
      ways.join(", ")
    }; ${missed} replies handed to a later life, ` +
    `${refused} 429s from Discord`;
}
