import { createRandom } from "../../sim/model/random.ts";
import type { AuditReport } from "../../sim/auditor.ts";
import { type Child, startSimChild } from "../soak/child.ts";
import type { BotKind } from "./bot.ts";
import { type Cut, startCuttingRelay } from "./cutting_relay.ts";
import { type JournalPlace, journalPlace } from "./journal_place.ts";
import { audit, liveAll, missedIn, sum } from "./live_all.ts";
import { type MortalProxy, startMortalProxy } from "./mortal_proxy.ts";
import type { DrawLife } from "./proxy_lives.ts";
import { marksOf, problemsOf, unknownOf } from "./verdict.ts";
import { LIFTED, SOCKET_LIFE, WORLD } from "./world.ts";

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
  /** A Redis or Valkey that keeps the journal; it is a file unless said. */
  readonly redis?: string | undefined;
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
  await using journal = await journalPlace(options);
  await using proxy = await startProxy(options, sim, journal, faults);
  await using relay = await startCuttingRelay({
    serverPort: proxy.port,
    random: createRandom(seed),
    lifeMs: SOCKET_LIFE,
  });
  const bots = await liveAll({
    runMsMax: RUN_MS_MAX,
    ...options,
    port: relay.port,
    keyOf: () => KEY,
  });
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
    missed: missedIn(bots),
    limited: report.limited,
    tookMs: performance.now() - startedMs,
  };
}

/** The command that does the same again. */
export function replayOf(seed: number, task: "chaos" | "sim"): string {
  return `SIM_SEEDS=${seed} deno task ${task}`;
}

function startProxy(
  { seed, proxyLives }: ChaosOptions,
  sim: Child,
  journal: JournalPlace,
  faults: string[],
): Promise<MortalProxy> {
  const random = createRandom(seed + 1);
  return startMortalProxy({
    nextLife: () => proxyLives?.(random),
    env: {
      ...journal.env,
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
