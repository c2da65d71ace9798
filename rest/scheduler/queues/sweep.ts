import { isAtRest } from "../limits/counter.ts";
import { isStale } from "../limits/counters_of.ts";
import { forgetLine, listIdleLane } from "./lines.ts";
import type { Line, State } from "../state.ts";

/** Idle lines looked at per poll: enough to keep up, few enough not to be felt. */
const LOOKS_MAX = 64;
/** Lanes kept before those with nothing to remember are dropped; one per token and kind. */
const LANES_MAX = 10_000;

/**
 * From this share of the table on, lines are forgotten sooner. A new line that
 * finds the table full looks at the oldest alone: had nobody looked before,
 * those may all be in use while thousands behind them are not.
 */
const CROWDED_SHARE = 3 / 4;

/** Forgets lines that have been idle for long, or at all where there are many. */
export function forgetIdle(state: State, nowMs: number): void {
  const { lineIdleMs, linesMax } = state.options;
  const isCrowded = state.lines.size > linesMax * CROWDED_SHARE;
  forgetIdleFor(state, nowMs, isCrowded ? 0 : lineIdleMs);
}

/** Forgets lines that have been idle for `idleMs` and whose bucket is full again: a new one would start the same. */
export function forgetIdleFor(
  state: State,
  nowMs: number,
  idleMs: number,
): void {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const oldest = state.idle.peek();
    if (oldest === undefined || nowMs - oldest.sinceMs < idleMs) return;
    state.idle.shift();
    const { line } = oldest;
    line.isListedIdle = false;
    if (line.waiting > 0 || line.inFlight > 0) continue;
    if (nowMs - line.idleSinceMs < idleMs) {
      list(state, line, line.idleSinceMs);
      continue;
    }
    if (mayForget(state, line, nowMs)) {
      forgetLine(state, line);
    } else {
      list(state, line, nowMs);
    }
  }
}

/**
 * Drops lanes that hold nothing, and identities without a lane, where there
 * are many: callers may bring any number of tokens. A lane that a line leads to
 * stays: a second one of the same token would double its global limit.
 */
export function forgetLanes(state: State, nowMs: number): void {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    if (state.lanes.size <= LANES_MAX) return;
    const lane = state.idleLanes.shift();
    if (lane === undefined) return;
    lane.isListedIdle = false;
    if (lane.lines > 0) continue;
    const { identity } = lane;
    const isBusy = lane.waiting > 0 || lane.inFlight > 0 ||
      nowMs < lane.lockedUntilMs || (lane.limit?.used(nowMs) ?? 0) > 0;
    if (isBusy || identity.credential !== "unproven") {
      listIdleLane(state, lane);
      continue;
    }
    state.lanes.delete(lane);
    // Another may have its name meanwhile.
    if (identity.lanes.get(lane.name) !== lane) continue;
    identity.lanes.delete(lane.name);
    if (identity.lanes.size === 0) state.identities.delete(identity.id);
  }
}

function list(state: State, line: Line, sinceMs: number): void {
  line.isListedIdle = true;
  state.idle.push({ line, sinceMs });
}

/** What its counters know would be lost, unless other lines point to them. */
function mayForget(state: State, line: Line, nowMs: number): boolean {
  if (line.isHalted) return false;
  if (line.subs?.some((sub) => !isStale(sub.counter, nowMs))) return false;
  return line.counters.every((counter) =>
    counter.lines > 1 || isAtRest(state, counter, nowMs)
  );
}
