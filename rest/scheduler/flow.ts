import { openingOf } from "./bucket.ts";
import { FairQueue } from "./fair_queue.ts";
import { enterLine, leaveLine, letGo } from "./holding.ts";
import { depart } from "./in_flight.ts";
import { currentLine, homeOf } from "./lines.ts";
import type { Held } from "./invalid_budget.ts";
import { leaveGroup, nextOfGroup } from "./order.ts";
import type { Lane, Line, OrderGroup, State, Waiting } from "./state.ts";
import { isBlocked, leaveSub, park, probe, subOf } from "./sub_limits.ts";
import { wakeAt } from "./wakes.ts";

/**
 * How a request moves: among its line's candidates, its line among what is
 * ready in its lane, and from there, when the lane allows, to a lease. Every
 * change to a line ends in `refresh`, which is the one place that decides
 * whether it is ready, waits for a moment, or waits for an answer.
 */

/** A moment already past by rounding: look again this much later, never in a hot loop. */
const NEXT_LOOK_MS = 1;

/** Puts a request among its line's candidates: a retried one before all others. */
export function makeCandidate(
  state: State,
  waiting: Waiting,
  nowMs: number,
): void {
  moveHome(state, waiting, nowMs);
  const { line, urgency, caller, enqueuedAtMs } = waiting;
  waiting.state = "candidate";
  line.candidates ??= new FairQueue<Waiting>();
  waiting.entry = waiting.isRetry
    ? line.candidates.pushFront(waiting, urgency, caller, enqueuedAtMs)
    : line.candidates.push(waiting, urgency, caller, enqueuedAtMs);
  refresh(state, line, nowMs);
}

/** Sends the next member of an order group on its way, if there is one and none is. */
export function advance(state: State, group: OrderGroup, nowMs: number): void {
  const next = nextOfGroup(group);
  if (next !== undefined) makeCandidate(state, next, nowMs);
}

/** Re-reads one line: ready, waiting for a moment, or waiting for an answer. */
export function refresh(state: State, line: Line, nowMs: number): void {
  const top = line.candidates?.peek(nowMs);
  if (top === undefined) {
    unready(line);
    wakeAt(state, line, undefined);
    noteIdle(state, line, nowMs);
    return;
  }
  const opensAtMs = lineOpensAtMs(state, line, nowMs);
  if (opensAtMs > 0) {
    unready(line);
    wakeAt(state, line, opensAtMs);
    return;
  }
  wakeAt(state, line, undefined);
  const { ready, lane } = line;
  if (ready?.urgency === top.urgency && ready.caller === top.caller) return;
  unready(line);
  line.ready = lane.ready.push(line, top.urgency, top.caller, top.sinceMs);
  state.readyLanes.add(lane);
}

/** 0: may send now. Infinity: an answer has to come first. */
export function lineOpensAtMs(
  state: State,
  line: Line,
  nowMs: number,
): number {
  if (nowMs < line.pausedUntilMs) return line.pausedUntilMs;
  if (line.isCautious && line.inFlight > 0) return Infinity;
  if (line.bucket === undefined) {
    // Nobody has measured this route: ten at once are how a limit of one earns nine 429s.
    const isFree = line.inFlight === 0 ||
      state.book.isHeaderless(line.routeKey);
    return isFree ? 0 : Infinity;
  }
  const offsetMs = state.arrival.offsetMs ?? 0;
  const opening = openingOf(
    line.bucket,
    line.inFlight,
    nowMs + offsetMs,
    nowMs,
  );
  if ("tokens" in opening) return 0;
  return Math.max(opening.opensAtServerMs - offsetMs, nowMs + NEXT_LOOK_MS);
}

/** Leases whatever may go now; ids are added to `leases`. */
export function leaseReady(
  state: State,
  nowMs: number,
  leases: number[],
): void {
  for (const lane of state.readyLanes) {
    leaseLane(state, lane, nowMs, leases);
    state.readyLanes.delete(lane);
  }
}

function leaseLane(
  state: State,
  lane: Lane,
  nowMs: number,
  leases: number[],
): void {
  for (;;) {
    const next = lane.ready.peek(nowMs);
    if (next === undefined) {
      wakeAt(state, lane, undefined);
      return;
    }
    const opensAtMs = laneOpensAtMs(state, lane, nowMs);
    if (opensAtMs > 0) {
      wakeAt(state, lane, opensAtMs);
      return;
    }
    leaseFrom(state, next.value, nowMs, leases);
  }
}

function laneOpensAtMs(state: State, lane: Lane, nowMs: number): number {
  const breakerAtMs = state.breaker.opensAtMs(nowMs);
  if (breakerAtMs > 0) return breakerAtMs;
  if (lane.identity.token === "rejected") return Infinity;
  if (nowMs < lane.lockedUntilMs) return lane.lockedUntilMs;
  if (lane.isCautious && lane.inFlight > 0) return Infinity;
  return lane.limit?.freeAtMs(nowMs) ?? 0;
}

function leaseFrom(
  state: State,
  line: Line,
  nowMs: number,
  leases: number[],
): void {
  unready(line);
  const top = line.candidates?.peek(nowMs);
  if (top === undefined || lineOpensAtMs(state, line, nowMs) > 0) {
    refresh(state, line, nowMs);
    return;
  }
  line.candidates?.remove(top);
  const waiting = top.value;
  waiting.entry = undefined;
  const sub = line.subs === undefined ? undefined : subOf(waiting);
  const held = heldBy(state, waiting, nowMs);
  if (sub !== undefined && isBlocked(sub, waiting, nowMs)) {
    park(state, sub, waiting);
    letOthersPass(state, waiting, nowMs);
  } else if (held !== undefined) {
    holdBack(state, waiting, held, nowMs);
  } else {
    if (sub !== undefined) probe(state, sub, waiting);
    lease(state, waiting, nowMs);
    leases.push(waiting.ask.id);
  }
  refresh(state, line, nowMs);
}

/** Why it may not be sent for what has failed lately; most of the time nobody has to look at it for that. */
function heldBy(
  { invalid }: State,
  { ask }: Waiting,
  nowMs: number,
): Held | undefined {
  return invalid.isFar(nowMs)
    ? undefined
    : invalid.heldBy(ask.route.key, nowMs, ask.caller);
}

/**
 * Keeps a request from being sent as invalid as those before it. It waits if
 * the budget eases in its time. If not, it is told so now; and so is one that
 * its own key is held for: waiting, it would hold up the order of others.
 */
function holdBack(
  state: State,
  waiting: Waiting,
  held: Held,
  nowMs: number,
): void {
  const easesAtMs = state.invalid.easesAtMs(nowMs);
  if (held === "all" && easesAtMs < waiting.expiresAtMs) {
    delay(state, waiting, easesAtMs);
    return;
  }
  const { id, caller } = waiting.ask;
  const refused = state.invalid.refusal(held, caller, nowMs);
  withdraw(state, waiting, nowMs);
  state.refused.push({ id, refused });
}

/**
 * Leases a newcomer past all queues where nobody waits before it and nothing
 * holds it. `rivals`: how many came with it; where tokens may not do for all,
 * urgency decides, and that is the queues' business.
 */
export function leaseAtOnce(
  state: State,
  waiting: Waiting,
  rivals: number,
  nowMs: number,
): boolean {
  const { line, lane, group, ask } = waiting;
  const isFirst = line.waiting === 1 && lane.ready.size === 0 &&
    line.subs === undefined && (group === undefined || group.size === 1);
  const mayGo = isFirst && waiting.expiresAtMs > nowMs &&
    lineOpensAtMs(state, line, nowMs) === 0 &&
    laneOpensAtMs(state, lane, nowMs) === 0 &&
    (lane.limit === undefined || lane.limit.hasRoomFor(rivals)) &&
    state.invalid.allows(ask.route.key, nowMs, ask.caller);
  if (!mayGo) return false;
  if (group !== undefined) group.current = waiting;
  lease(state, waiting, nowMs);
  return true;
}

function lease(state: State, waiting: Waiting, nowMs: number): void {
  const { line, lane, ask } = waiting;
  waiting.state = "leased";
  waiting.permit = lane.limit?.take(nowMs);
  state.expiries.remove(waiting);
  // A deadline is about leaving: from here on only the longest wait binds.
  waiting.expiresAtMs = waiting.enqueuedAtMs + state.options.maxWaitMs;
  state.breaker.leased(ask.id);
  letGo(state, waiting, line);
  depart(state, waiting);
}

/** Sets a request aside until `untilMs`; it stays its group's current one. */
export function delay(state: State, waiting: Waiting, untilMs: number): void {
  waiting.state = "delayed";
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
  const { group } = waiting;
  // Its line may have been merged since it was taken in.
  const line = currentLine(waiting.line);
  if (waiting.entry !== undefined) line.candidates?.remove(waiting.entry);
  waiting.entry = undefined;
  wakeAt(state, waiting, undefined);
  state.expiries.remove(waiting);
  letGo(state, waiting, line);
  leaveSub(state, waiting);
  retire(state, waiting);
  if (group !== undefined) advance(state, group, nowMs);
  refresh(state, line, nowMs);
}

/** Ends a request: nothing refers to it any more. */
export function retire(state: State, waiting: Waiting): void {
  waiting.state = "gone";
  state.waiting.delete(waiting.ask.id);
  waiting.caller.requests--;
  leaveGroup(waiting);
}

function moveHome(state: State, waiting: Waiting, nowMs: number): void {
  const old = currentLine(waiting.line);
  const line = homeOf(state, waiting, nowMs);
  waiting.line = line;
  if (line === old) return;
  leaveLine(old, waiting.caller);
  enterLine(line, waiting.caller);
  refresh(state, old, nowMs);
}

function unready(line: Line): void {
  if (line.ready === undefined) return;
  line.lane.ready.remove(line.ready);
  line.ready = undefined;
}

function noteIdle(state: State, line: Line, nowMs: number): void {
  if (line.waiting > 0 || line.inFlight > 0) return;
  line.candidates = undefined;
  line.idleSinceMs = nowMs;
  if (line.isListedIdle) return;
  line.isListedIdle = true;
  state.idle.push({ line, sinceMs: nowMs });
}
