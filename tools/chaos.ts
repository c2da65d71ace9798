/** Bots killed and restarted, sockets cut, seed by seed: part of `deno task sim`. With the proxy killed as well: `deno task chaos`. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import {
  type ChaosOptions,
  type ChaosReport,
  replayOf,
  runChaos,
} from "./chaos/run_chaos.ts";
import type { BotKind } from "./chaos/bot.ts";
import { LIFTED } from "./chaos/world.ts";
import { mayTrace } from "./chaos/strace.ts";
import {
  killedAtSends,
  killedAtWrites,
  livesOf,
  onAFailingDisk,
} from "./chaos/proxy_lives.ts";
import { redisServerPath } from "./cluster/redis_server.ts";
import { flags, taskWords } from "./task_words.ts";

const USAGE = `SIM_SEEDS=… deno task sim
SIM_SEEDS=… deno task chaos

Judges the scheduler in worlds of its own, and the whole proxy while bots are
killed and restarted and their sockets cut. SIM_SEEDS=1,2,3 chooses the seeds,
SIM_SEEDS=new draws five. deno task chaos kills the proxy, too, which keeps a
journal, while 100,000 messages come over REP and HTTP: some twenty minutes for
the one seed it takes unless told; with strace, also at its writes, on a disk
that fails, and with Redis at its sends. Exit code 1 when a message or a reply
was lost, doubled or late.`;

/** As many as bots of middle size have shards, with work for ten seconds at least. */
const SIZE = { bots: 20, messages: 500 } as const;

/** What a run of many is like. */
interface Ordeal {
  readonly size: Omit<ChaosOptions, "seed">;
  /** Who suffers what. */
  readonly who: string;
}

const BOTS_ONLY: readonly Ordeal[] = [{ size: SIZE, who: "killed" }];

const KINDS: readonly BotKind[] = ["rep", "key", "rep", "async"];

/** A hundred thousand messages, and more than a thousand deaths. */
const WITH_PROXY: readonly Ordeal[] = [
  {
    size: {
      bots: 20,
      messages: 5_000,
      kinds: KINDS,
      proxyLives: livesOf({ minMs: 300, maxMs: 5_000 }),
      runMsMax: 3_600_000,
    },
    who: "they and the proxy killed",
  },
];

/** Where a proxy can be traced. */
const WITH_WRITES: readonly Ordeal[] = [
  {
    size: {
      bots: 8,
      messages: 1_000,
      kinds: KINDS,
      proxyLives: killedAtWrites,
      runMsMax: 1_800_000,
    },
    who: "they killed, and the proxy at its writes",
  },
  {
    size: {
      bots: 8,
      messages: 500,
      // Over HTTP a bot sends what was refused again before it goes on.
      kinds: ["key", "async"],
      proxyLives: onAFailingDisk,
      runMsMax: 1_800_000,
    },
    who: "killed, and the proxy on a disk that is full or fails now and then",
  },
];

/** Where there is a Redis, too. */
const WITH_SENDS: Ordeal = {
  size: {
    bots: 8,
    messages: 500,
    kinds: KINDS,
    proxyLives: killedAtSends,
    runMsMax: 1_800_000,
  },
  who: "they killed, and the proxy, whose journal is in Redis, at its sends",
};

const { seeds, isWithProxy } = taskWords(USAGE, (words) => {
  const isWithProxy = flags(words, ["proxy"]).proxy;
  const wish = Deno.env.get("SIM_SEEDS") ?? (isWithProxy ? "1" : "1,2,3,4,5");
  return { seeds: seedsOf(wish), isWithProxy };
});
let failed = 0;
for (const ordeal of await ordealsOf(isWithProxy)) await undergo(ordeal);
if (failed > 0) Deno.exit(1);

async function ordealsOf(isWithProxy: boolean): Promise<readonly Ordeal[]> {
  if (!isWithProxy) return BOTS_ONLY;
  if (!await mayTrace()) {
    console.log(
      "chaos: strace is not installed or may not trace: kills at writes and failing disks are passed over",
    );
    return WITH_PROXY;
  }
  const traced = [...WITH_PROXY, ...WITH_WRITES];
  const redis = redisServerPath();
  if (redis === undefined) {
    console.log(
      "chaos: Redis is not installed: a journal in it is passed over",
    );
    return traced;
  }
  return [...traced, { ...WITH_SENDS, size: { ...WITH_SENDS.size, redis } }];
}

async function undergo({ size, who }: Ordeal): Promise<void> {
  console.log(
    `chaos: ${size.bots} bots x ${size.messages} messages, ${who} and restarted, ` +
      `sockets cut; the simulator's limits are lifted to ` +
      `${LIFTED.globalPerSecond}/s in all, ${LIFTED.channelPerSecond}/s per channel`,
  );
  for (const seed of seeds) {
    const report = await runChaos({ seed, ...size });
    console.log(lineOf(seed, report));
    if (report.problems.length === 0) continue;
    failed++;
    for (const problem of report.problems) console.log(`  ${problem}`);
    console.log(`  replay: ${replayOf(seed, isWithProxy ? "chaos" : "sim")}`);
  }
}

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
