import {
  mayTry,
  noteTrial,
  openingOfCounter,
  opensForAtMs,
} from "./limits/counter.ts";
import { countersOf, drop, isStale } from "./limits/counters_of.ts";
import { leaveSub } from "./limits/sub_limits.ts";
import { FairQueue } from "./queues/fair_queue.ts";
import { uncountWaiting } from "./queues/occupancy.ts";
import { leaveGroup, nextOfGroup } from "./queues/order.ts";
import type { FairEntry } from "./queues/round_robin.ts";
import { wakeAt } from "./queues/wakes.ts";
import type { Counter, Line, OrderGroup, State, Waiting } from "./state.ts";
import { emptyReasonOf, noteWait, reasonOf } from "./line_reason.ts";

/**
 * How a request moves: among its line's candidates, and its line among those
 * that wait for a counter to open or, when all are open, among what is ready in
 * its lane; `lease.ts` takes it from there. Every change to a line ends in
 * `refresh`, every change to a counter in `reopen`: so no wake-up is lost.
 */

/** Of ten that are served one may be less urgent than others that wait: so nothing waits for ever. */
export const URGENT_IN_A_ROW_MAX = 9;

/** Puts a request among its line's candidates: a retried one before all others. */
export function makeCandidate(
  state: State,
  waiting: Waiting,
  nowMs: number,
): void {
  const { line, urgency, caller, enqueuedAtMs, seq } = waiting;
  waiting.state = "candidate";
  line.candidates ??= new FairQueue<Waiting>();
  waiting.entry = waiting.isRetry
    ? line.candidates.pushFront(waiting, urgency, caller, enqueuedAtMs, seq)
    : line.candidates.push(waiting, urgency, caller, enqueuedAtMs);
  refresh(state, line, nowMs);
}

/** Sends the next member of an order group on its way, if there is one and none is. */
export function advance(state: State, group: OrderGroup, nowMs: number): void {
  const next = nextOfGroup(group);
  if (next !== undefined) makeCandidate(state, next, nowMs);
}

/** Re-reads one line: ready, or waiting for the one of its counters that opens last. */
export function refresh(state: State, line: Line, nowMs: number): void {
  const top = line.candidates?.peek();
  if (top === undefined) {
    leavePlace(state, line, nowMs);
    noteWait(line, emptyReasonOf(state, line, nowMs), nowMs);
    noteIdle(state, line, nowMs);
    return;
  }
  if (line.isHalted) {
    leavePlace(state, line, nowMs);
    noteWait(line, "operator", nowMs);
    return;
  }
  let opensAtMs = 0;
  let closed: Counter | undefined;
  for (const counter of freshCounters(state, line, nowMs)) {
    const atMs = opensForAtMs(state, counter, line, nowMs);
    if (atMs <= opensAtMs) continue;
    opensAtMs = atMs;
    closed = counter;
  }
  noteWait(line, reasonOf(closed, nowMs), nowMs);
  if (closed === undefined) {
    if (isAt(line, undefined, top)) return;
    leavePlace(state, line, nowMs);
    line.entry = line.lane.ready.push(
      line,
      top.urgency,
      top.caller,
      top.sinceMs,
    );
    line.readyOn = line.counters;
    for (const counter of line.counters) {
      counter.ready++;
      noteTrial(state, counter, line, nowMs);
    }
    state.readyLanes.add(line.lane);
    return;
  }
  if (!isAt(line, closed, top)) {
    leavePlace(state, line, nowMs);
    waitFor(line, closed, top);
  }
  wakeAt(state, closed, opensAtMs);
}

function waitFor(
  line: Line,
  counter: Counter,
  { urgency, caller, sinceMs }: FairEntry<Waiting>,
): void {
  counter.waiting ??= new FairQueue<Line>();
  line.entry = counter.waiting.push(line, urgency, caller, sinceMs);
  line.waitsFor = counter;
}

function isAt(
  { entry, waitsFor, readyOn, counters }: Line,
  counter: Counter | undefined,
  top: FairEntry<Waiting>,
): boolean {
  return entry !== undefined && waitsFor === counter &&
    (counter !== undefined || readyOn === counters) &&
    entry.urgency === top.urgency && entry.caller === top.caller;
}

/** Takes a line out of the queue it stands in. */
function leavePlace(state: State, line: Line, nowMs: number): void {
  const { entry, waitsFor, readyOn } = line;
  if (entry === undefined) return;
  if (waitsFor === undefined) {
    unready(line);
    // Another line may have what this one leaves.
    for (const counter of readyOn ?? []) {
      if (counter.trial === line) counter.trial = undefined;
      reopen(state, counter, nowMs);
    }
    return;
  }
  line.entry = undefined;
  line.waitsFor = undefined;
  waitsFor.waiting?.remove(entry);
  if (waitsFor.waiting?.size === 0) wakeAt(state, waitsFor, undefined);
}

/** Takes a line out of what is ready in its lane. */
export function unready(line: Line): void {
  const { entry, readyOn, lane } = line;
  if (entry === undefined || readyOn === undefined) return;
  line.entry = undefined;
  line.readyOn = undefined;
  lane.ready.remove(entry);
  for (const counter of readyOn) counter.ready--;
}

/** 0: all counters of the line are open. Infinity: an answer has to come first. */
export function lineOpensAtMs(
  state: State,
  line: Line,
  nowMs: number,
): number {
  if (line.isHalted) return Infinity;
  let latestMs = 0;
  for (const counter of freshCounters(state, line, nowMs)) {
    const atMs = opensForAtMs(state, counter, line, nowMs);
    if (atMs > latestMs) latestMs = atMs;
  }
  return latestMs;
}

/** Re-reads one counter: has as many of its lines looked at as may go now. */
export function reopen(state: State, counter: Counter, nowMs: number): void {
  const { waiting } = counter;
  while (waiting !== undefined && waiting.size > 0) {
    const opening = openingOfCounter(state, counter, nowMs);
    if ("opensAtMs" in opening) {
      wakeAt(state, counter, opening.opensAtMs);
      const first = waiting.peek()?.value;
      const isTrial = counter.trial === undefined && first !== undefined &&
        mayTry(counter, first);
      if (isTrial) refresh(state, first, nowMs);
      return;
    }
    if (counter.ready >= opening.tokens) break;
    const next = nextWaiting(counter);
    if (next === undefined) break;
    leavePlace(state, next, nowMs);
    refresh(state, next, nowMs);
  }
  wakeAt(state, counter, undefined);
}

/** Whose turn it is among those that wait for a counter: once in a while one that urgency has passed over. */
function nextWaiting(counter: Counter): Line | undefined {
  const { waiting } = counter;
  const passedOver = counter.urgentInARow < URGENT_IN_A_ROW_MAX
    ? undefined
    : waiting?.peekPassedOver();
  counter.urgentInARow = passedOver === undefined
    ? counter.urgentInARow + 1
    : 0;
  return (passedOver ?? waiting?.peek())?.value;
}

/** The same, where more than this line waits for it: `refresh` looks after that. */
export function reopenForOthers(
  state: State,
  counter: Counter,
  line: Line,
  nowMs: number,
): void {
  const own = line.waitsFor === counter ? 1 : 0;
  if (counter.waiting === undefined || counter.waiting.size <= own) return;
  reopen(state, counter, nowMs);
}

/** A counter is no more: whoever waited for it is looked at anew. */
export function dissolve(state: State, counter: Counter, nowMs: number): void {
  drop(counter);
  state.registry.touch();
  const { waiting } = counter;
  for (;;) {
    const next = waiting?.peek()?.value;
    if (next === undefined) return;
    leavePlace(state, next, nowMs);
    refresh(state, next, nowMs);
  }
}

/** The line's counters, those forgotten that have not been met for long. */
function freshCounters(
  state: State,
  line: Line,
  nowMs: number,
): readonly Counter[] {
  const counters = countersOf(state, line);
  if (counters.length === 1) return counters;
  for (const counter of counters) {
    if (!isStale(counter, nowMs)) continue;
    if (counter.place !== line.major) {
      state.registry.setShared(line.routeKey, IS_NOT_SHARED);
    }
    dissolve(state, counter, nowMs);
  }
  return countersOf(state, line);
}

const IS_NOT_SHARED = false;

/** Sets a request aside until `untilMs`; it stays its group's current one. */
export function delay(state: State, waiting: Waiting, untilMs: number): void {
  waiting.state = "delayed";
  waiting.line.delayed = waiting;
  wakeAt(state, waiting, untilMs);
}

/** A parked request gives its group's turn to members that share nothing with it. */
export function letOthersPass(
  state: State,
  waiting: Waiting,
  nowMs: number,
): void {
  const { group } = waiting;
  if (group === undefined) return;
  if (group.current === waiting) group.current = undefined;
  advance(state, group, nowMs);
}

/** Takes a request that is not leased out of everything it stands in. */
export function withdraw(state: State, waiting: Waiting, nowMs: number): void {
  const { group, line } = waiting;
  if (waiting.entry !== undefined) line.candidates?.remove(waiting.entry);
  waiting.entry = undefined;
  wakeAt(state, waiting, undefined);
  state.expiries.remove(waiting);
  uncountWaiting(state, waiting);
  leaveSub(state, waiting, nowMs);
  retire(state, waiting);
  if (group !== undefined) advance(state, group, nowMs);
  refresh(state, line, nowMs);
}

/** Ends a request: nothing refers to it any more. */
export function retire(state: State, waiting: Waiting): void {
  waiting.state = "gone";
  state.waiting.delete(waiting.id);
  waiting.caller.requests--;
  leaveGroup(waiting);
}

function noteIdle(state: State, line: Line, nowMs: number): void {
  if (line.waiting > 0 || line.inFlight > 0) return;
  line.candidates = undefined;
  line.delayed = undefined;
  line.waitHistory = undefined;
  line.idleSinceMs = nowMs;
  if (line.isListedIdle) return;
  line.isListedIdle = true;
  state.idle.push({ line, sinceMs: nowMs });
}
