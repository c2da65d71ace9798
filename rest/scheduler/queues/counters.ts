import type { Caller } from "./callers.ts";
import type { Line, State, Waiting } from "../state.ts";

/** What waits, and whose it is, and what is under way: of a line, of a lane, of a key and in all. */

/** Counts a request among what waits. */
export function countWaiting(state: State, waiting: Waiting): void {
  const { ask, caller, line, lane } = waiting;
  const { key } = caller;
  enterLine(line, caller);
  lane.waiting++;
  key.waiting++;
  key.bytes += ask.bytes;
  state.bytes += ask.bytes;
}

/** Counts it no more: it was leased, or it is gone. Its line is `line`, if that was merged since. */
export function uncountWaiting(
  state: State,
  waiting: Waiting,
  line: Line,
): void {
  const { ask, caller, lane } = waiting;
  const { key } = caller;
  leaveLine(line, caller);
  lane.waiting--;
  key.waiting--;
  key.bytes -= ask.bytes;
  state.bytes -= ask.bytes;
}

export function enterLine(line: Line, caller: Caller): void {
  if (line.callers !== undefined) {
    line.callers.set(caller, (line.callers.get(caller) ?? 0) + 1);
  } else if (line.waiting === 0) {
    line.soleCaller = caller;
  } else if (line.soleCaller !== caller) {
    line.callers = countsOf(line).set(caller, 1);
  }
  line.waiting++;
}

export function leaveLine(line: Line, caller: Caller): void {
  const { callers } = line;
  if (--line.waiting === 0) {
    line.callers = undefined;
    line.soleCaller = undefined;
  } else if (callers !== undefined) {
    const count = (callers.get(caller) ?? 0) - 1;
    if (count > 0) callers.set(caller, count);
    else callers.delete(caller);
  }
}

/** Everything that waits in `from` waits in `into` now. */
export function mergeWaiting(from: Line, into: Line): void {
  if (from.waiting === 0) return;
  const counts = countsOf(into);
  for (const [caller, count] of countsOf(from)) {
    counts.set(caller, (counts.get(caller) ?? 0) + count);
  }
  into.callers = counts;
  into.waiting += from.waiting;
  from.waiting = 0;
  from.callers = undefined;
  from.soleCaller = undefined;
}

/** How many of this caller's wait in the line. */
export function waitingOf(line: Line, caller: Caller): number {
  if (line.callers !== undefined) return line.callers.get(caller) ?? 0;
  return line.soleCaller === caller ? line.waiting : 0;
}

/** How many callers have something waiting in the line. */
export function callersIn(line: Line): number {
  return line.callers?.size ?? Math.min(1, line.waiting);
}

/** Most lines have one caller at a time, and need no map to say so. */
function countsOf({ callers, soleCaller, waiting }: Line): Map<Caller, number> {
  if (callers !== undefined) return callers;
  return new Map(soleCaller === undefined ? [] : [[soleCaller, waiting]]);
}

/** Counts a request that is sent. */
export function countInFlight(state: State, { line, lane }: Waiting): void {
  line.inFlight++;
  lane.inFlight++;
  state.inFlight++;
  if (line.bucket !== undefined) line.bucket.unheard++;
}

/** Counts it as under way no more, whatever came of it. */
export function uncountInFlight(state: State, { line, lane }: Waiting): void {
  line.inFlight--;
  lane.inFlight--;
  state.inFlight--;
  const { bucket } = line;
  // It may be one that was sent before the newest answer: then one too few is
  // taken for unheard, which is never too much to wait.
  if (bucket !== undefined && bucket.unheard > 0) bucket.unheard--;
}
