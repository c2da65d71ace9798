import type { Bucket } from "../limits/bucket.ts";
import { countersOf } from "../limits/counters_of.ts";
import { groupOf } from "./order.ts";
import type { Lane, State, Waiting } from "../state.ts";
import type { Ask } from "../types.ts";
import { subOf } from "../limits/sub_limits.ts";

/**
 * The least time a newcomer will wait, as far as what is known tells: never too
 * much, so that nothing is refused that could have gone. Only what certainly
 * goes before it counts: what was sent since the last answer, what waits before
 * it in its order, and its own caller's requests of its urgency or a higher one.
 * Other callers are served in between, however much of theirs waits.
 */
export function predictedWaitMs(
  state: State,
  waiting: Waiting,
  ask: Ask,
  nowMs: number,
): number {
  const { line, lane } = waiting;
  const subMs = line.subs === undefined
    ? 0
    : subOf(waiting)?.counter.pausedUntilMs ?? 0;
  const breakerMs = state.breaker.untilMs ?? 0;
  let longestMs = Math.max(lane.lockedUntilMs, breakerMs, subMs) - nowMs;
  const ahead = aheadInLine(waiting, ask);
  for (const counter of countersOf(state, line)) {
    const { bucket, pausedUntilMs, role } = counter;
    longestMs = Math.max(longestMs, pausedUntilMs - nowMs);
    // That lines share a bucket may yet turn out to be wrong.
    const isDoubted = role === "common" && bucket?.facts.spread !== "common";
    if (bucket === undefined || isDoubted) continue;
    // What was sent before the newest answer may be in the bucket's numbers already.
    const all = ahead + bucket.unheard;
    longestMs = Math.max(longestMs, backlogMs(state, bucket, all, nowMs));
  }
  return Math.max(0, longestMs, laneMs(lane, waiting));
}

/** How many waiting requests of its line certainly go before the newcomer. */
export function aheadInLine(waiting: Waiting, ask: Ask): number {
  const { line, caller, urgency } = waiting;
  if (line.waiting === 0) return 0;
  const own = line.candidates?.countOf(caller, urgency) ?? 0;
  return own + aheadInOrder(waiting, ask);
}

/** Members of its order group in the same line, but for the one that stands among the candidates or is under way. */
function aheadInOrder({ line, lane }: Waiting, ask: Ask): number {
  // Behind a hidden limit members may pass each other.
  if (line.subs !== undefined) return 0;
  const group = groupOf(ask, lane);
  if (group === undefined || group.routeKey !== line.routeKey) return 0;
  return Math.max(0, group.size - group.strangers - 1);
}

/** Time the line's bucket needs for what goes before the newcomer, and itself. */
function backlogMs(
  state: State,
  bucket: Bucket,
  ahead: number,
  nowMs: number,
): number {
  const { facts } = bucket;
  // What it is sent by may be earlier: that is doubt, which passes.
  const arrivalServerMs = nowMs + (state.clockOffset.latestOffsetMs ?? 0);
  const untilResetMs = Math.max(0, bucket.resetAtServerMs - arrivalServerMs);
  if (facts.kind === "sliding" && facts.intervalMs !== undefined) {
    return untilResetMs + (ahead + 1 - facts.limit) * facts.intervalMs;
  }
  const now = untilResetMs > 0 ? bucket.remaining : facts.limit;
  return ahead < now ? 0 : untilResetMs;
}

/** The caller's lines that are ready take a second per `limit`; where the newcomer's is one of them, its place is not known. */
function laneMs(
  { limit, ready }: Lane,
  { line, caller, urgency }: Waiting,
): number {
  if (limit === undefined || line.waiting > 0) return 0;
  return Math.floor(ready.countOf(caller, urgency) / limit.limit) * 1_000;
}
