import type { WaitReason } from "../domain/wait_reason.ts";
import {
  delay,
  letOthersPass,
  lineOpensAtMs,
  refresh,
  unready,
  withdraw,
} from "./flow.ts";
import type { Exhausted } from "./health/invalid_budget.ts";
import { isBlocked, park, probe, subOf } from "./limits/sub_limits.ts";
import { countInFlight, uncountWaiting } from "./queues/counters.ts";
import { longestWaitMsOf } from "./longest_wait.ts";
import { wakeAt } from "./queues/wakes.ts";
import type { Lane, Line, State, Waiting } from "./state.ts";

/**
 * Grants leases: from the lines that are ready in a lane, the next request
 * whenever the lane allows.
 */

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
      lane.lastReason = laneReasonOf(state, lane, nowMs);
      wakeAt(state, lane, opensAtMs);
      return;
    }
    leaseFrom(state, next.value, nowMs, leases);
  }
}

/** 0: its next request may leave now. Infinity: an answer has to come first. */
export function laneOpensAtMs(
  state: State,
  lane: Lane,
  nowMs: number,
): number {
  const breakerAtMs = state.breaker.opensAtMs(nowMs);
  if (breakerAtMs > 0) return breakerAtMs;
  if (lane.identity.credential === "rejected") return Infinity;
  if (nowMs < lane.lockedUntilMs) return lane.lockedUntilMs;
  if (lane.isCautious && lane.inFlight > 0) return Infinity;
  return lane.limit?.freeAtMs(nowMs) ?? 0;
}

/** Why a closed lane is closed, by the order in which `laneOpensAtMs` looks. */
export function laneReasonOf(
  state: State,
  lane: Lane,
  nowMs: number,
): WaitReason {
  if (state.breaker.opensAtMs(nowMs) > 0) return "breaker";
  if (lane.identity.credential === "rejected") return "token";
  if (nowMs < lane.lockedUntilMs || lane.isCautious) return "rate_limited";
  return "global";
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
  const exhausted = exhaustedFor(state, waiting, nowMs);
  if (sub !== undefined && isBlocked(sub, waiting, nowMs)) {
    park(state, sub, waiting);
    letOthersPass(state, waiting, nowMs);
  } else if (exhausted !== undefined) {
    deferOrRefuse(state, waiting, exhausted, nowMs);
  } else {
    if (sub !== undefined) probe(state, sub, waiting);
    lease(state, waiting, nowMs);
    leases.push(waiting.ask.id);
  }
  refresh(state, line, nowMs);
}

/** Why it may not be sent for what has failed lately; most of the time nobody has to look at it for that. */
function exhaustedFor(
  { invalid }: State,
  { ask }: Waiting,
  nowMs: number,
): Exhausted | undefined {
  return invalid.isFar(nowMs)
    ? undefined
    : invalid.exhaustedFor(ask.route.key, nowMs, ask.caller);
}

/**
 * Keeps a request from being sent as invalid as those before it. It waits if
 * the budget eases in its time. If not, it is told so now; and so is one that
 * its own key is held for: waiting, it would countWaiting up the order of others.
 */
function deferOrRefuse(
  state: State,
  waiting: Waiting,
  exhausted: Exhausted,
  nowMs: number,
): void {
  const easesAtMs = state.invalid.easesAtMs(nowMs);
  if (exhausted === "all" && easesAtMs < waiting.expiresAtMs) {
    delay(state, waiting, easesAtMs);
    return;
  }
  const { id, caller } = waiting.ask;
  const refused = state.invalid.refusal(exhausted, caller, nowMs);
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
  waiting.expiresAtMs = waiting.enqueuedAtMs + longestWaitMsOf(state, ask);
  state.breaker.leased(ask.id);
  uncountWaiting(state, waiting, line);
  countInFlight(state, waiting);
}
