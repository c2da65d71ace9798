import { advance, makeCandidate, withdraw } from "./flow.ts";
import { leaseAtOnce } from "./lease.ts";
import { allowedWaitMs, longestWaitMsOf } from "./longest_wait.ts";
import type { Urgency } from "../domain/urgency.ts";
import { countWaiting } from "./queues/occupancy.ts";
import { knownLine, laneFor, newLine } from "./queues/lines.ts";
import { inheritedUrgency, joinGroup, shiftUrgency } from "./queues/order.ts";
import { aheadInLine, predictedWaitMs } from "./queues/predict.ts";
import { backlogMs } from "./reasons.ts";
import {
  refuseForLine,
  refuseForLines,
  refuseForRoom,
} from "./queues/admission.ts";
import { rejectionOf } from "./health/rejections.ts";
import type { Caller } from "./queues/callers.ts";
import type { Lane, Line, State, Waiting } from "./state.ts";
import { refusalOfToken } from "./health/credential_check.ts";
import type { Ask, Refused, Terms } from "./types.ts";

/** Takes a request in, or says why not. */
export function enqueue(
  state: State,
  ask: Ask,
  nowMs: number,
): Refused | undefined {
  const caller = state.callers.of(ask.caller);
  const { isPromised = false } = ask;
  const full = isPromised ? undefined : refuseForRoom(state, ask, caller);
  if (full !== undefined) return full;
  const lane = laneFor(state, ask);
  const blocked = refuseForHealth(state, ask, lane, nowMs);
  if (blocked !== undefined) return blocked;
  const known = knownLine(ask, lane);
  const crowded = isPromised
    ? undefined
    : refuseForCrowd(state, { caller, known }, nowMs);
  if (crowded !== undefined) return crowded;
  const line = known ?? newLine(state, ask, lane, nowMs);
  const waiting = newWaiting(state, { ask, caller, lane, line }, nowMs);
  const late = isPromised
    ? undefined
    : refuseForWait(state, waiting, ask, nowMs);
  if (late !== undefined) return late;
  admit(state, waiting, ask);
  return undefined;
}

function refuseForCrowd(
  state: State,
  { caller, known }: {
    readonly caller: Caller;
    readonly known: Line | undefined;
  },
  nowMs: number,
): Refused | undefined {
  return known === undefined
    ? refuseForLines(state, nowMs)
    : refuseForLine(state, known, caller);
}

/** Raises a waiting request's urgency; within an order group the head inherits it. */
export function urge(
  state: State,
  id: number,
  urgency: Urgency,
  nowMs: number,
): void {
  const waiting = state.waiting.get(id);
  if (waiting === undefined || urgency >= waiting.ownUrgency) return;
  const { group } = waiting;
  if (group !== undefined) {
    shiftUrgency(group, waiting.ownUrgency, -1);
    shiftUrgency(group, urgency, 1);
  }
  waiting.ownUrgency = urgency;
  raise(state, group?.current ?? waiting, urgency, nowMs);
  if (waiting.urgency > urgency) waiting.urgency = urgency;
}

/** Gives a waiting request the terms of another caller. */
export function renew(state: State, id: number, terms: Terms): void {
  const waiting = state.waiting.get(id);
  if (waiting === undefined || waiting.state === "leased") return;
  // One that came since the last poll is not listed yet.
  const isListed = waiting.next !== undefined || waiting.heapIndex >= 0;
  if (isListed) state.expiries.remove(waiting);
  Object.assign(waiting, expiryOf(state, terms, waiting.enqueuedAtMs));
  if (isListed) state.expiries.add(waiting);
}

/** Takes a waiting request out again. */
export function cancel(
  state: State,
  id: number,
  nowMs: number,
): "cancelled" | "leased" | "unknown" {
  const waiting = state.waiting.get(id);
  if (waiting === undefined) return "unknown";
  if (waiting.state === "leased") return "leased";
  withdraw(state, waiting, nowMs);
  return "cancelled";
}

function newWaiting(
  state: State,
  { ask, caller, lane, line }: Pick<Waiting, "caller" | "lane" | "line"> & {
    readonly ask: Ask;
  },
  nowMs: number,
): Waiting {
  const { expiresAtMs, longestAtMs } = expiryOf(state, ask, nowMs);
  // What leasing and settling read stands first and so side by side: of
  // thousands that wait, the next one is never in the processor's cache.
  return {
    state: "held",
    line,
    counters: NONE,
    together: 1,
    lane,
    group: undefined,
    before: undefined,
    after: undefined,
    permit: undefined,
    sub: undefined,
    caller,
    entry: undefined,
    id: ask.id,
    ownUrgency: ask.urgency,
    urgency: ask.urgency,
    isRetry: false,
    expiresAtMs,
    longestAtMs,
    enqueuedAtMs: Math.min(nowMs, ask.sinceMs ?? nowMs),
    next: undefined,
    previous: undefined,
    heapIndex: -1,
    wake: undefined,
    kind: "request",
    seq: state.seq++,
    isOwnToken: ask.isOwnToken,
    label: ask.route.label,
    webhookId: ask.route.webhookId,
    fields: ask.fields,
    bytes: ask.bytes,
  };
}

/** When a request is over at the latest, and when its deadline is what ends it. */
function expiryOf(
  state: State,
  terms: Terms,
  enqueuedAtMs: number,
): Pick<Waiting, "expiresAtMs" | "longestAtMs"> {
  const { sinceMs = enqueuedAtMs, deadlineAtMs = Infinity } = terms;
  const longestAtMs = sinceMs + longestWaitMsOf(state, terms);
  return deadlineAtMs <= longestAtMs
    ? { expiresAtMs: deadlineAtMs, longestAtMs }
    : { expiresAtMs: longestAtMs, longestAtMs: undefined };
}

const NONE: never[] = [];

function admit(state: State, waiting: Waiting, ask: Ask): void {
  state.waiting.set(waiting.id, waiting);
  waiting.caller.requests++;
  countWaiting(state, waiting);
  joinGroup(waiting, ask);
  state.newcomers.push(waiting);
}

/**
 * Takes in what came since the last poll. Most of the time nothing binds: such
 * a request is leased at once, without a place in any queue.
 */
export function takeInNewcomers(
  state: State,
  nowMs: number,
  leases: number[],
): void {
  if (state.newcomers.length === 0) return;
  const newcomers = state.newcomers.splice(0);
  for (const waiting of newcomers) {
    if (waiting.state === "gone") continue;
    const isHeld = waiting.state === "held";
    if (isHeld && leaseAtOnce(state, waiting, newcomers.length, nowMs)) {
      leases.push(waiting.id);
      continue;
    }
    state.expiries.add(waiting);
    // An answer that came meanwhile has sent it on its way already.
    if (!isHeld) continue;
    const { group } = waiting;
    const current = group?.current;
    if (group === undefined) makeCandidate(state, waiting, nowMs);
    else if (current === undefined) advance(state, group, nowMs);
    else raise(state, current, inheritedUrgency(group, current), nowMs);
  }
}

function raise(
  state: State,
  waiting: Waiting,
  urgency: Urgency,
  nowMs: number,
): void {
  if (urgency >= waiting.urgency) return;
  waiting.urgency = urgency;
  if (waiting.state !== "candidate" || waiting.entry === undefined) return;
  waiting.line.candidates?.remove(waiting.entry);
  makeCandidate(state, waiting, nowMs);
}

function refuseForHealth(
  state: State,
  ask: Ask,
  lane: Lane,
  nowMs: number,
): Refused | undefined {
  if (lane.identity.credential === "rejected") {
    return refusalOfToken(lane.identity, nowMs);
  }
  const rejected = rejectionOf(state, ask, nowMs);
  if (rejected !== undefined) return rejected;
  const { invalid } = state;
  const exhausted = invalid.exhaustedFor(ask.route.key, nowMs, ask.caller);
  if (exhausted !== undefined) {
    return invalid.refusal(exhausted, ask.caller, nowMs);
  }
  const blockedMs = (state.breaker.untilMs ?? 0) - nowMs;
  if (blockedMs <= state.options.maxWaitMs) return undefined;
  return {
    code: "blocked",
    message: "Cannot queue request: Cloudflare blocks this address",
    retryAfterMs: blockedMs,
  };
}

function refuseForWait(
  state: State,
  waiting: Waiting,
  ask: Ask,
  nowMs: number,
): Refused | undefined {
  const waitMs = predictedWaitMs(state, waiting, ask, nowMs);
  const untimely = refuseForEnd(state, { waiting, ask, waitMs }, nowMs);
  if (untimely !== undefined) return untimely;
  const maxWaitMs = allowedWaitMs(state, ask);
  if (waitMs <= maxWaitMs) return undefined;
  const isByRule = maxWaitMs < state.options.maxWaitMs;
  const byWhom = isByRule ? "by a rule for its route is" : "is";
  return {
    code: "wait_too_long",
    message: `Cannot queue request: it would wait ${seconds(waitMs)} s, ` +
      `the longest allowed ${byWhom} ${seconds(maxWaitMs)} s`,
    retryAfterMs: Math.max(1_000, waitMs - maxWaitMs),
  };
}

/**
 * Refuses what the end of the proxy would leave undone. The least wait is not
 * enough to tell: what goes before it needs further windows of its bucket, too.
 */
function refuseForEnd(
  state: State,
  { waiting, ask, waitMs: leastMs }: {
    readonly waiting: Waiting;
    readonly ask: Ask;
    readonly waitMs: number;
  },
  nowMs: number,
): Refused | undefined {
  const restMs = state.endsAtMs - nowMs;
  if (restMs === Infinity || ask.outlivesProxy) return undefined;
  const ahead = aheadInLine(waiting, ask);
  const backlog = backlogMs(state, waiting.line, ahead, nowMs);
  const waitMs = Math.max(leastMs, backlog);
  if (waitMs <= restMs) return undefined;
  return {
    code: "wait_too_long",
    message: `Cannot queue request: it would wait ${seconds(waitMs)} s, ` +
      `and the proxy ends within ${seconds(Math.max(0, restMs))} s`,
    retryAfterMs: Math.max(0, restMs) + SUCCESSOR_MS,
  };
}

/** What a successor needs until it listens. */
const SUCCESSOR_MS = 1_000;

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
