import type { Lane, Line, State } from "./state.ts";

/**
 * The least time a request joining `line` now will wait, as far as what is
 * known tells: never too much, so that nothing is refused that could have gone.
 */
export function predictedWaitMs(
  state: State,
  line: Line,
  lane: Lane,
  nowMs: number,
): number {
  const pausedMs = Math.max(
    line.pausedUntilMs,
    lane.lockedUntilMs,
    state.breaker.untilMs ?? 0,
  ) - nowMs;
  return Math.max(0, pausedMs, backlogMs(state, line, nowMs), laneMs(lane));
}

/** Time the line's bucket needs for everything before the newcomer, and itself. */
function backlogMs(state: State, line: Line, nowMs: number): number {
  const { bucket } = line;
  if (bucket === undefined) return 0;
  const { facts } = bucket;
  const ahead = line.waiting + line.inFlight;
  const arrivalServerMs = nowMs + (state.arrival.offsetMs ?? 0);
  const untilResetMs = Math.max(0, bucket.resetAtServerMs - arrivalServerMs);
  if (facts.kind === "sliding" && facts.intervalMs !== undefined) {
    return untilResetMs + (ahead + 1 - facts.limit) * facts.intervalMs;
  }
  const now = untilResetMs > 0 ? bucket.remaining : facts.limit;
  return ahead < now ? 0 : untilResetMs;
}

/** What waits in the lane already takes a second per `limit`. */
function laneMs(lane: Lane): number {
  if (lane.limit === undefined) return 0;
  return Math.floor(lane.ready.size / lane.limit.limit) * 1_000;
}
