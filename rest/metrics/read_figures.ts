import type { SchedulerSnapshot } from "../scheduler/types.ts";
import type { BotReading, LineRow, Reading } from "./types.ts";

/** How a scheduler's identity is called; the same as `botOf` calls it in facts. */
export type BotNamer = (identityId: string) => string;

/** What a reading takes from elsewhere than the scheduler's snapshot. */
export type Surroundings = Pick<
  Reading,
  | "atMs"
  | "version"
  | "startedAtMs"
  | "isDraining"
  | "rep"
  | "cluster"
  | "journal"
  | "upstreamConnections"
  | "loopLagMs"
  | "memoryBytes"
  | "cpuSeconds"
>;

/** Everything that can be read off now; `nowMs` is the scheduler's clock. */
export function readingOf(
  snapshot: SchedulerSnapshot,
  around: Surroundings,
  botName: BotNamer,
  nowMs: number,
): Reading {
  const { breaker, lines } = snapshot;
  const { untilMs } = breaker;
  return {
    ...around,
    waiting: snapshot.waiting,
    inFlight: snapshot.inFlight,
    waitingBytes: snapshot.bytes,
    oldestWaitMs: snapshot.oldestWaitMs,
    longestLine: lines[0]?.waiting ?? 0,
    reasons: snapshot.reasons,
    bots: botsOf(snapshot, botName),
    invalid: snapshot.invalid,
    breaker: breaker.state,
    breakerForMs: untilMs === undefined
      ? undefined
      : Math.max(0, untilMs - nowMs),
  };
}

/** One row for each name: tokens that callers bring, however many, are one. */
function botsOf(
  { identities }: SchedulerSnapshot,
  botName: BotNamer,
): readonly BotReading[] {
  const rows = new Map<string, BotReading>();
  for (const identity of identities) {
    const bot = botName(identity.id);
    const before = rows.get(bot);
    rows.set(bot, {
      bot,
      waiting: (before?.waiting ?? 0) + identity.waiting,
      inFlight: (before?.inFlight ?? 0) + identity.inFlight,
      oldestWaitMs: Math.max(before?.oldestWaitMs ?? 0, identity.oldestWaitMs),
      globalLimit: identity.globalLimit ?? before?.globalLimit,
      globalUsed: identity.globalUsed ?? before?.globalUsed,
      isTokenRejected: identity.credential === "rejected" ||
        before?.isTokenRejected === true,
    });
  }
  return [...rows.values()];
}

/** Lines shown: more than anybody reads, and no more than a message should hold. */
const LINES_MAX = 50;

/** The lines that somebody waits in or that an operator paused, the longest first. */
export function lineRowsOf(
  { lines }: SchedulerSnapshot,
  botName: BotNamer,
  nowMs: number,
): readonly LineRow[] {
  return lines.filter(({ waiting, isPaused }) => waiting > 0 || isPaused)
    .slice(0, LINES_MAX).map((line) => ({
      id: line.id,
      bot: botName(line.identityId),
      label: line.label,
      major: line.major,
      waiting: line.waiting,
      inFlight: line.inFlight,
      oldestWaitMs: line.oldestWaitMs,
      reason: line.reason,
      nextInMs: untilMs(line.nextAtMs, nowMs),
      clearInMs: untilMs(line.clearAtMs, nowMs),
      isPaused: line.isPaused,
    }));
}

function untilMs(atMs: number | undefined, nowMs: number): number | undefined {
  return atMs === undefined ? undefined : Math.max(0, atMs - nowMs);
}
