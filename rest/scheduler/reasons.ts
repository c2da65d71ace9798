import type { Wait, WaitReason } from "../domain/wait_reason.ts";
import { lineOpensAtMs, refresh } from "./flow.ts";
import { delayReasonOf, lineReasonOf } from "./line_reason.ts";
import type { Bucket } from "./limits/bucket.ts";
import { countersOf } from "./limits/counters_of.ts";
import { subOf } from "./limits/sub_limits.ts";
import { laneOpensAtMs, laneReasonOf } from "./lease.ts";
import { knownLine } from "./queues/lines.ts";
import { groupOf } from "./queues/order.ts";
import { type Lane, type Line, type State, type Waiting } from "./state.ts";
import type { Ask, WaitingQuery, WaitingRequest } from "./types.ts";

/**
 * Why requests wait, and when they may leave at the earliest: told from what
 * flow.ts and lease.ts decide by, and deciding nothing.
 */

/** What keeps a request now; `atMs`: when that ends, undefined where an answer or an operator has to come first. */
interface Gate {
  readonly reason: WaitReason;
  readonly atMs: number | undefined;
}

/** Why `waiting` waits, which is the `place`th of its line. */
export function waitOf(
  state: State,
  waiting: Waiting,
  place: number,
  nowMs: number,
): Wait {
  const line = waiting.line;
  const { reason, atMs } = gateOf(state, waiting, line, nowMs);
  const turnAtMs = nowMs + backlogMs(state, line, place - 1, nowMs);
  const isOpen = atMs === undefined;
  const earliestAtMs = isOpen ? undefined : Math.max(atMs, turnAtMs);
  return { reason, place, earliestAtMs };
}

function gateOf(
  state: State,
  waiting: Waiting,
  line: Line,
  nowMs: number,
): Gate {
  switch (waiting.state) {
    case "delayed":
      return {
        reason: delayReasonOf(state, waiting, nowMs),
        atMs: waiting.wake?.atMs,
      };
    case "parked":
      return { reason: "hidden_limit", atMs: waiting.sub?.wake?.atMs };
    case "held": {
      // What keeps the first of an order keeps all behind it.
      const first = waiting.group?.current;
      const isKept = first !== undefined && first.state !== "leased" &&
        first.state !== "held";
      if (isKept) return gateOf(state, first, first.line, nowMs);
      const hiddenMs = subOf(waiting)?.counter.pausedUntilMs ?? 0;
      return hiddenMs > nowMs
        ? { reason: "hidden_limit", atMs: hiddenMs }
        : { reason: "order", atMs: undefined };
    }
    default:
      return gateOfLine(state, line, nowMs) ??
        { reason: "turn", atMs: nowMs };
  }
}

/** What keeps the next request of a line: the line itself, or its lane; undefined: nothing. */
export function gateOfLine(
  state: State,
  line: Line,
  nowMs: number,
): Gate | undefined {
  const opensAtMs = lineOpensAtMs(state, line, nowMs);
  if (opensAtMs > 0) {
    return {
      reason: lineReasonOf(state, line, nowMs),
      atMs: momentOf(opensAtMs),
    };
  }
  return gateOfLane(state, line.lane, nowMs);
}

function gateOfLane(
  state: State,
  lane: Lane,
  nowMs: number,
): Gate | undefined {
  const opensAtMs = laneOpensAtMs(state, lane, nowMs);
  if (opensAtMs === 0) return undefined;
  return {
    reason: laneReasonOf(state, lane, nowMs),
    atMs: momentOf(opensAtMs),
  };
}

function momentOf(opensAtMs: number): number | undefined {
  return Number.isFinite(opensAtMs) ? opensAtMs : undefined;
}

/** How long the line's counters take until it has let `ahead` requests go and may let go one more. */
export function backlogMs(
  state: State,
  line: Line,
  ahead: number,
  nowMs: number,
): number {
  let longestMs = 0;
  for (const { bucket } of countersOf(state, line)) {
    if (bucket === undefined) continue;
    const bucketMs = bucketBacklogMs(state, bucket, ahead, nowMs);
    longestMs = Math.max(longestMs, bucketMs);
  }
  return longestMs;
}

function bucketBacklogMs(
  state: State,
  bucket: Bucket,
  ahead: number,
  nowMs: number,
): number {
  const { limit, intervalMs, kind, windowMs } = bucket.facts;
  const before = ahead + bucket.unheard;
  const arrivalServerMs = nowMs + (state.clockOffset.latestOffsetMs ?? 0);
  const untilResetMs = Math.max(0, bucket.resetAtServerMs - arrivalServerMs);
  if (kind === "sliding" && intervalMs !== undefined) {
    return Math.max(0, untilResetMs + (before + 1 - limit) * intervalMs);
  }
  const left = untilResetMs > 0 ? bucket.remaining : limit;
  if (before < left) return 0;
  return untilResetMs + Math.floor((before - left) / limit) * windowMs;
}

/** What a request would wait for if it came now; undefined: it would leave at once. */
export function preview(
  state: State,
  ask: Ask,
  nowMs: number,
): Wait | undefined {
  const lane = state.identities.get(ask.identityId)?.lanes.get(ask.route.lane);
  if (lane === undefined) return undefined;
  const line = knownLine(ask, lane);
  const gate = line === undefined
    ? gateOfLane(state, lane, nowMs)
    : gateOfLine(state, line, nowMs);
  const waiting = line?.waiting ?? 0;
  const place = waiting + 1;
  const isBehind = groupOf(ask, lane) !== undefined;
  if (gate === undefined && waiting === 0 && !isBehind) return undefined;
  const reason = gate?.reason ?? (isBehind ? "order" : "turn");
  if (gate !== undefined && gate.atMs === undefined) {
    return { reason, place, earliestAtMs: undefined };
  }
  const turnAtMs = line === undefined
    ? nowMs
    : nowMs + backlogMs(state, line, waiting, nowMs);
  return { reason, place, earliestAtMs: Math.max(gate?.atMs ?? 0, turnAtMs) };
}

/** Waiting requests by their arrival, each with its wait. */
export function waitingRequests(
  state: State,
  { isMeant, lineId, offset, limit }: WaitingQuery,
  nowMs: number,
): WaitingRequest[] {
  const places = new Map<Line, number>();
  const found: WaitingRequest[] = [];
  let skipped = 0;
  for (const waiting of state.waiting.values()) {
    if (waiting.state === "leased") continue;
    const line = waiting.line;
    const place = (places.get(line) ?? 0) + 1;
    places.set(line, place);
    if (lineId !== undefined && lineIdOf(line) !== lineId) continue;
    if (!isMeant(waiting.caller.name) || skipped++ < offset) continue;
    found.push(viewOf(state, waiting, place, nowMs));
    if (found.length === limit) break;
  }
  return found;
}

function viewOf(
  state: State,
  waiting: Waiting,
  place: number,
  nowMs: number,
): WaitingRequest {
  const { id, label, line, lane, caller, enqueuedAtMs } = waiting;
  return {
    id,
    identityId: lane.identity.id,
    label,
    major: line.major,
    caller: caller.name,
    acceptedAtMs: enqueuedAtMs,
    wait: waitOf(state, waiting, place, nowMs),
  };
}

/** Names a line to those outside. */
export function lineIdOf({ lane, routeKey, major }: Line): string {
  return [lane.identity.id, lane.name, routeKey, major].join(" ");
}

/** Keeps a line's requests from leaving, or lets them go again; false: there is no such line. */
export function setHalted(
  state: State,
  { lineId, isHalted }: {
    readonly lineId: string;
    readonly isHalted: boolean;
  },
  nowMs: number,
): boolean {
  for (const line of state.lines) {
    if (lineIdOf(line) !== lineId) continue;
    line.isHalted = isHalted;
    refresh(state, line, nowMs);
    return true;
  }
  return false;
}

/** What a request that was leased just now has waited for longest. */
export function waitedFor(
  state: State,
  id: number,
  nowMs: number,
): WaitReason | undefined {
  const waiting = state.waiting.get(id);
  if (waiting === undefined || waiting.enqueuedAtMs === nowMs) return undefined;
  const { line, lane, sub, enqueuedAtMs } = waiting;
  if (sub !== undefined) return "hidden_limit";
  const history = line.waitHistory;
  const longest = history?.longest(enqueuedAtMs, nowMs) ?? "turn";
  return longest === "turn" ? lane.lastReason : longest;
}
