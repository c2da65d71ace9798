/** Bots killed and restarted, sockets cut, seed by seed: part of `deno task sim`. With the proxy killed as well: `deno task chaos`. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import {
  type ChaosOptions,
  type ChaosReport,
  LIFTED,
  replayOf,
  runChaos,
} from "./chaos/run_chaos.ts";
import { flags, taskWords } from "./task_words.ts";

const USAGE = `SIM_SEEDS=… deno task sim
SIM_SEEDS=… deno task chaos

Judges the scheduler in worlds of its own, and the whole proxy while bots are
killed and restarted and their sockets cut. SIM_SEEDS=1,2,3 chooses the seeds,
SIM_SEEDS=new draws five. deno task chaos kills the proxy, too, which keeps a
journal, while 100,000 messages come over REP and HTTP: some twenty minutes for
the one seed it takes unless told. Exit code 1 when a message or a reply was lost,
doubled or late.`;

/** As many as bots of middle size have shards, with work for ten seconds at least. */
const SIZE = { bots: 20, messages: 500 } as const;

/** A hundred thousand messages, and more than a thousand deaths. */
const WITH_PROXY: Omit<ChaosOptions, "seed"> = {
  bots: 20,
  messages: 5_000,
  kinds: ["rep", "key", "rep", "async"],
  proxyLifeMs: { minMs: 300, maxMs: 5_000 },
  runMsMax: 3_600_000,
};

const { seeds, size, who } = taskWords(USAGE, (words) => {
  const isWithProxy = flags(words, ["proxy"]).proxy;
  const wish = Deno.env.get("SIM_SEEDS") ?? (isWithProxy ? "1" : "1,2,3,4,5");
  return {
    seeds: seedsOf(wish),
    size: isWithProxy ? WITH_PROXY : SIZE,
    who: isWithProxy ? "they and the proxy killed" : "killed",
  };
});
console.log(
  `chaos: ${size.bots} bots x ${size.messages} messages, ${who} and restarted, ` +
    `sockets cut; the simulator's limits are lifted to ` +
    `${LIFTED.globalPerSecond}/s in all, ${LIFTED.channelPerSecond}/s per channel`,
);
let failed = 0;
for (const seed of seeds) {
  const report = await runChaos({ seed, ...size });
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
  const { proxyKills, startMs, unknown } = report;
  const proxy = proxyKills === 0 ? "" : `${proxyKills} of the proxy, whose ` +
    `starts took ${startMs.median.toFixed(0)} ms, at most ` +
    `${startMs.most.toFixed(0)} ms; ${unknown} outcomes unknown, ` +
    "each told to its bot; ";
  const ways = Object.entries(cuts).map(([way, count]) => `${count} ${way}`);
  const refused = Object.values(limited).reduce((all, n) => all + n, 0);
  return `seed ${seed}: ${problems.length === 0 ? "ok" : "FAILED"} ` +
    `in ${(tookMs / 1_000).toFixed(1)} s; ${kills} kills, ${proxy}` +
    `sockets cut: ${
      ways.join(", ")
    }; ${missed} replies handed to a later life, ` +
    `${refused} 429s from Discord`;
}
