import { groupOf } from "./order.ts";
import type { Lane, Line, State, Waiting } from "../state.ts";
import { subOf } from "../limits/sub_limits.ts";

/**
 * The least time a newcomer will wait, as far as what is known tells: never too
 * much, so that nothing is refused that could have gone. Only what certainly
 * goes before it counts: what was sent since the last answer, what waits before
 * it in its order, and its own caller's requests of its urgency or a higher one.
 * Other callers take callerCount with it, however much of theirs waits.
 */
export function predictedWaitMs(
  state: State,
  waiting: Waiting,
  nowMs: number,
): number {
  const { line, lane } = waiting;
  const pausedMs = Math.max(
    line.pausedUntilMs,
    lane.lockedUntilMs,
    state.breaker.untilMs ?? 0,
    line.subs === undefined ? 0 : subOf(waiting)?.pausedUntilMs ?? 0,
  ) - nowMs;
  const ahead = aheadInLine(waiting);
  return Math.max(
    0,
    pausedMs,
    backlogMs(state, line, ahead, nowMs),
    laneMs(lane, waiting),
  );
}

/** How many requests of its line certainly go before the newcomer. */
function aheadInLine(waiting: Waiting): number {
  const { line, caller, urgency } = waiting;
  // What was sent before the newest answer may be in the bucket's numbers already.
  const sent = line.bucket?.unheard ?? 0;
  if (line.waiting === 0) return sent;
  const own = line.candidates?.countOf(caller, urgency) ?? 0;
  return sent + own + aheadInOrder(waiting);
}

/** Members of its order group in the same line, but for the one that stands among the candidates or is under way. */
function aheadInOrder(waiting: Waiting): number {
  const { ask, line } = waiting;
  // Behind a hidden limit members may pass each other.
  if (line.subs !== undefined) return 0;
  const group = groupOf(waiting);
  if (group === undefined || group.routeKey !== ask.route.key) return 0;
  return Math.max(0, group.size - group.strangers - 1);
}

/** Time the line's bucket needs for what goes before the newcomer, and itself. */
function backlogMs(
  state: State,
  { bucket }: Line,
  ahead: number,
  nowMs: number,
): number {
  if (bucket === undefined) return 0;
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
