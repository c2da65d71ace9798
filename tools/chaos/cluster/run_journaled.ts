import { createHash } from "../../../deps.ts";
import type { AuditReport } from "../../../sim/auditor.ts";
import { createRandom, type Range } from "../../../sim/model/random.ts";
import type { Shared } from "../../cluster/proxies.ts";
import { startRedisServer } from "../../cluster/redis_server.ts";
import { startSimChild } from "../../soak/child.ts";
import type { BotKind } from "../bot.ts";
import { type Cut, startCuttingRelay } from "../cutting_relay.ts";
import { audit, liveAll, missedIn, sum } from "../live_all.ts";
import { sentAgainBehind } from "../sent_again.ts";
import {
  type BotRecord,
  marksOf,
  problemsOf,
  refusedOf,
  unknownOf,
} from "../verdict.ts";
import { LIFTED, temporaryFolder, WORLD } from "../world.ts";
import { ChaosCluster, SETTLE_MS } from "./chaos_cluster.ts";
import { sharedOf } from "./run_cluster.ts";
import type { Disturbance } from "./verdict.ts";

/** How large a run with the journal is. */
export interface JournaledChaosOptions {
  readonly seed: number;
  readonly bots: number;
  /** Of each bot. */
  readonly messages: number;
  readonly proxies: number;
  /** In turn, again and again until the bots are done. */
  readonly disturbances: readonly Disturbance[];
  /** How bots send, dealt out in turn. */
  readonly kinds: readonly BotKind[];
  /** The bots have to be done by then. */
  readonly runMsMax: number;
  /** A Redis or Valkey. */
  readonly redis: string;
  readonly tell?: ((line: string) => void) | undefined;
}

/** What it came to. */
export interface JournaledChaosReport {
  /** Empty: every message once and in order, every reply seen, and each that nobody can know told as such. */
  readonly problems: readonly string[];
  readonly messages: number;
  /** Never made, and nobody was told so. */
  readonly lost: number;
  /** Told with a refusal that is final for its bot. */
  readonly refused: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Refused unsent and sent again, behind what their bots had sent by then: nothing had been promised. */
  readonly sentAgainBehind: number;
  /** Of bots. */
  readonly kills: number;
  readonly disturbances: Readonly<Record<Disturbance, number>>;
  /** Messages of which nobody can know whether Discord got them, each told to its bot. */
  readonly unknown: number;
  readonly cuts: Readonly<Record<Cut, number>>;
  /** Replies that reached a later life than the one that had sent the request. */
  readonly missed: number;
  readonly limited: AuditReport["limited"];
  readonly tookMs: number;
}

/** Each start of a bot costs as much as some hundred messages. */
const BOT_LIFE: Range = { minMs: 1_000, maxMs: 15_000 };

/** Long enough that what a bot does at one door goes on for a while. */
const SOCKET_LIFE: Range = { minMs: 200, maxMs: 10_000 };

/**
 * Bots with sessions, names and answers to be fetched later, which are killed
 * and cut off, through doors that are drawn anew with each connection, while
 * the proxies behind them are killed, stopped and replaced, and Redis stopped.
 */
export async function runJournaledChaos(
  options: JournaledChaosOptions,
): Promise<JournaledChaosReport> {
  const { seed, disturbances, redis: path, tell = () => {} } = options;
  const startedMs = performance.now();
  await using folder = await temporaryFolder();
  await using sim = await startSimChild({ ...WORLD, seed });
  const redis = await startRedisServer(path, folder.path);
  const faults: string[] = [];
  const shared = await sharedOf(options, sim.url.href, redis.url, folder.path);
  const cluster = await ChaosCluster.start(
    await withKeys(options, shared, folder.path),
    redis.process,
    options.proxies,
    (line) => {
      if (/\bbug\b|fault of our own/i.test(line)) faults.push(line);
      tell(line);
    },
  );
  try {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await using relay = await startCuttingRelay({
      serverPort: cluster.urls.map((url) => Number(new URL(url).port)),
      random: createRandom(seed),
      lifeMs: SOCKET_LIFE,
    });
    const { port } = relay;
    const living = liveAll({
      ...options,
      port,
      keyOf,
      lifeMs: BOT_LIFE,
    });
    const moments = await cluster.disturb(
      { seed, disturbances: againAndAgain(disturbances) },
      living,
    );
    const bots = await living;
    return {
      ...verdictOn(bots, await audit(sim.url, marksOf(bots)), moments, faults),
      cuts: { ...relay.cuts },
      tookMs: performance.now() - startedMs,
    };
  } finally {
    await cluster.end();
    redis.process.kill("SIGKILL");
    await redis.process.status;
  }
}

function verdictOn(
  bots: readonly BotRecord[],
  report: AuditReport,
  moments: readonly (readonly [Disturbance, number])[],
  faults: readonly string[],
): Omit<JournaledChaosReport, "cuts" | "tookMs"> {
  const unknown = new Set(bots.flatMap((bot) => [...unknownOf(bot)]));
  const refused = new Set(bots.flatMap((bot) => [...refusedOf(bot)]));
  const behind = sentAgainBehind(bots, report.reordered);
  const proxyKills = moments.length;
  const evidence = { bots, report, faults, proxyKills, mayLive: true };
  return {
    problems: problemsOf(evidence),
    messages: sum(bots.map(({ messages }) => messages)),
    lost: report.lost
      .filter((mark) => !unknown.has(mark) && !refused.has(mark)).length,
    refused: refused.size,
    doubled: report.doubled.length,
    reordered: report.reordered.length - behind.size,
    sentAgainBehind: behind.size,
    kills: sum(bots.map(({ kills }) => kills)),
    disturbances: countsOf(moments.map(([kind]) => kind)),
    unknown: unknown.size,
    missed: missedIn(bots),
    limited: report.limited,
  };
}

function* againAndAgain<T>(values: readonly T[]): Iterable<T> {
  while (values.length > 0) yield* values;
}

/**
 * The longest there is. A channel's messages go one after the other, and on a
 * machine that is busy with other things each takes half a second: of a bot's
 * 500 the last would wait longer than the four minutes there are, and be refused.
 */
const LONGEST_WAIT_MS = 3_600_000;

/** A key of its own says for which bot each process speaks. */
function keyOf(index: number): string {
  return `chaos-key-of-bot-${index}-0123456789abcdef`;
}

async function withKeys(
  { bots }: JournaledChaosOptions,
  shared: Shared,
  folder: string,
): Promise<Shared> {
  const keys = Array.from({ length: bots }, (_, index) => ({
    name: `bot${index}`,
    sha256: createHash("sha256").update(keyOf(index)).digest("hex"),
    bots: [`bot${index}`],
  }));
  const file = `${folder}/keys.json`;
  await Deno.writeTextFile(file, JSON.stringify(keys));
  await Deno.chmod(file, 0o600);
  const limit = String(LIFTED.globalPerSecond);
  const env = {
    REST_KEYS_FILE: file,
    REST_GLOBAL_LIMIT: limit,
    REST_MAX_WAIT_MS: String(LONGEST_WAIT_MS),
  };
  return { ...shared, env: { ...shared.env, ...env } };
}

function countsOf(
  kinds: readonly Disturbance[],
): Readonly<Record<Disturbance, number>> {
  const counts = { kill: 0, stop: 0, term: 0, redis: 0 };
  for (const kind of kinds) counts[kind]++;
  return counts;
}
