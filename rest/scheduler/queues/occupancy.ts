import { countBack, countSent, noteTrial } from "../limits/counter.ts";
import type { Caller } from "./callers.ts";
import type { Line, State, Waiting } from "../state.ts";

/** What waits, and whose it is, and what is under way: of a line, of a lane, of a key and in all. */

/** Counts a request among what waits. */
export function countWaiting(state: State, waiting: Waiting): void {
  const { bytes, caller, line, lane } = waiting;
  const { key } = caller;
  enterLine(line, caller);
  lane.waiting++;
  key.waiting++;
  key.bytes += bytes;
  state.bytes += bytes;
}

/** Counts it as waiting no more: it was leased, or it is gone. */
export function uncountWaiting(state: State, waiting: Waiting): void {
  const { bytes, caller, lane, line } = waiting;
  const { key } = caller;
  leaveLine(line, caller);
  lane.waiting--;
  key.waiting--;
  key.bytes -= bytes;
  state.bytes -= bytes;
}

function enterLine(line: Line, caller: Caller): void {
  if (line.callers !== undefined) {
    line.callers.set(caller, (line.callers.get(caller) ?? 0) + 1);
  } else if (line.waiting === 0) {
    line.soleCaller = caller;
  } else if (line.soleCaller !== caller) {
    line.callers = countsOf(line).set(caller, 1);
  }
  line.waiting++;
}

function leaveLine(line: Line, caller: Caller): void {
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
export function countInFlight(
  state: State,
  waiting: Waiting,
  nowMs: number,
): void {
  const { line, lane, sub } = waiting;
  line.inFlight++;
  lane.inFlight++;
  state.inFlight++;
  waiting.counters = sub === undefined
    ? line.counters
    : [...line.counters, sub.counter];
  waiting.together = 1;
  for (const counter of waiting.counters) {
    noteTrial(state, counter, line, nowMs);
    countSent(counter, nowMs);
    const isTold = counter.role === "own" || counter.role === "common";
    if (isTold && counter.inFlight > waiting.together) {
      waiting.together = counter.inFlight;
    }
  }
}

/** Counts it as under way no more, whatever came of it. */
export function uncountInFlight(state: State, waiting: Waiting): void {
  waiting.line.inFlight--;
  waiting.lane.inFlight--;
  state.inFlight--;
  for (const counter of waiting.counters) countBack(counter);
}
