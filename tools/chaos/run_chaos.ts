import { createRandom, type Range } from "../../sim/model/random.ts";
import type { AuditReport } from "../../sim/auditor.ts";
import { type Child, startSimChild } from "../soak/child.ts";
import type { BotKind } from "./bot.ts";
import { liveAndDie } from "./bot_lives.ts";
import { type Cut, startCuttingRelay } from "./cutting_relay.ts";
import { type MortalProxy, startMortalProxy } from "./mortal_proxy.ts";
import type { DrawLife } from "./proxy_lives.ts";
import { readReplies } from "./reply_log.ts";
import { type BotRecord, marksOf, problemsOf, unknownOf } from "./verdict.ts";

/** How large a run is. */
export interface ChaosOptions {
  readonly seed: number;
  readonly bots: number;
  /** Of each bot. */
  readonly messages: number;
  /** Bots that use a new `req` for each message in every life. */
  readonly areForgetful?: boolean;
  /** How bots send, dealt out in turn; over REP unless said. */
  readonly kinds?: readonly BotKind[];
  /** How the proxy's lives end; it keeps a journal then. It is never killed unless said. */
  readonly proxyLives?: DrawLife;
  /** It has to end by then. */
  readonly runMsMax?: number;
}

/** What it came to. */
export interface ChaosReport {
  /** Empty: every message once, in order, and every reply seen. */
  readonly problems: readonly string[];
  readonly kills: number;
  /** Of the proxy. */
  readonly proxyKills: number;
  /** How long the proxy's starts took in the middle, and at most. */
  readonly startMs: { readonly median: number; readonly most: number };
  /** Messages of which nobody can know whether Discord got them, each told to its bot. */
  readonly unknown: number;
  readonly cuts: Readonly<Record<Cut, number>>;
  /** Replies that reached a later life than the one that had sent the request. */
  readonly missed: number;
  readonly limited: AuditReport["limited"];
  readonly tookMs: number;
}

/** The simulator's limits are lifted, so that thousands of messages need seconds. */
export const LIFTED = {
  globalPerSecond: 2_000,
  channelPerSecond: 50,
} as const;

const WORLD = {
  recordLimit: 0,
  globalLimit: { limit: LIFTED.globalPerSecond },
  rules: [{
    match: "POST /channels/{}/messages",
    limit: LIFTED.channelPerSecond,
    periodMs: 1_000,
  }],
  // Long enough that a kill finds requests on their way, short enough for 50 a second.
  latencyIn: { minMs: 0, maxMs: 3 },
  latencyOut: { minMs: 1, maxMs: 10 },
} as const;

/** A socket is cut every few seconds; most outlive no bot. */
const SOCKET_LIFE: Range = { minMs: 50, maxMs: 2_500 };

/** It ends by itself in some ten seconds, on a machine that is busy with other things in a minute; whatever takes five is stuck. */
const RUN_MS_MAX = 300_000;

const KEY = "chaos-key-0123456789abcdef";
const TOKEN =
  "MTIzNDU2Nzg5MDEyMzQ1Njc4.chaos0.only-the-simulated-discord-takes-it";

/**
 * Bots that send numbered messages over sessions of REP through the real
 * proxy, killed with signal 9 and restarted until they are done, over sockets
 * that are cut. Deaths and cuts are drawn from the seed.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed } = options;
  const startedMs = performance.now();
  const faults: string[] = [];
  await using sim = await startSimChild({ ...WORLD, seed });
  await using journal = await temporaryFolder();
  await using proxy = await startProxy(options, sim, journal.path, faults);
  await using relay = await startCuttingRelay({
    serverPort: proxy.port,
    random: createRandom(seed),
    lifeMs: SOCKET_LIFE,
  });
  const bots = await liveAll(options, relay.port);
  await proxy.spare();
  faults.push(...proxy.failures.map((said) => `ended: ${said}`));
  const report = await audit(sim.url, marksOf(bots));
  return {
    problems: problemsOf({ bots, report, faults, proxyKills: proxy.kills }),
    kills: sum(bots.map(({ kills }) => kills)),
    proxyKills: proxy.kills,
    startMs: spreadOf(proxy.startsMs),
    unknown: sum(bots.map((bot) => unknownOf(bot).size)),
    cuts: { ...relay.cuts },
    missed: sum(bots.map(missedOf)),
    limited: report.limited,
    tookMs: performance.now() - startedMs,
  };
}

/** The command that does the same again. */
export function replayOf(seed: number): string {
  return `SIM_SEEDS=${seed} deno task sim`;
}

function startProxy(
  { seed, proxyLives }: ChaosOptions,
  sim: Child,
  folder: string,
  faults: string[],
): Promise<MortalProxy> {
  const journal = { REST_JOURNAL: `${folder}/journal.db` };
  const random = createRandom(seed + 1);
  return startMortalProxy({
    nextLife: () => proxyLives?.(random),
    env: {
      ...proxyLives === undefined ? {} : journal,
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_UPSTREAM: sim.url.href,
      REST_GLOBAL_LIMIT: String(LIFTED.globalPerSecond),
    },
    onLine: (line) => {
      if (/\bbug\b|fault of our own/i.test(line)) faults.push(line);
    },
  });
}

function spreadOf(values: readonly number[]): ChaosReport["startMs"] {
  const sorted = values.toSorted((one, other) => one - other);
  const median = sorted[sorted.length >> 1] ?? 0;
  return { median, most: sorted.at(-1) ?? 0 };
}

/** A folder that goes when it is disposed of. */
async function temporaryFolder(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = await Deno.makeTempDir({ prefix: "chaos-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

const ONLY_REP: readonly BotKind[] = ["rep"];

async function liveAll(
  options: ChaosOptions,
  port: number,
): Promise<BotRecord[]> {
  const { seed, bots, messages, areForgetful = false } = options;
  const { kinds = ONLY_REP, runMsMax = RUN_MS_MAX } = options;
  await using folder = await temporaryFolder();
  const signal = AbortSignal.timeout(runMsMax);
  return await Promise.all(Array.from({ length: bots }, async (_, index) => {
    const name = `bot-${index + 1}`;
    const kind = kinds[index % kinds.length] ?? "rep";
    const logPath = `${folder.path}/${name}.log`;
    await Deno.writeTextFile(logPath, "");
    const channelId = String(1_200_000_000_000_000_000n + BigInt(index));
    const lives = await liveAndDie(
      {
        url: kind === "rep"
          ? `ws://127.0.0.1:${port}/rep`
          : `http://127.0.0.1:${port}`,
        kind,
        key: KEY,
        name,
        channelId,
        messages,
        logPath,
        isForgetful: areForgetful,
      },
      createRandom(seed * 1_000 + index),
      signal,
    );
    return { ...lives, name, messages, replies: readReplies(logPath) };
  }));
}

async function audit(
  simUrl: URL,
  expected: readonly string[],
): Promise<AuditReport> {
  const response = await fetch(new URL("/__sim/report", simUrl), {
    method: "POST",
    body: JSON.stringify({ expected }),
  });
  return await response.json();
}

function missedOf({ replies }: BotRecord): number {
  return replies.filter(({ wasMissed }) => wasMissed).length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
