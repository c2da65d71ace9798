import type { WaitReason } from "../domain/wait_reason.ts";
import { openingOf } from "./limits/bucket.ts";
import { FairQueue } from "./queues/fair_queue.ts";
import { enterLine, leaveLine, uncountWaiting } from "./queues/counters.ts";
import { currentLine, homeOf } from "./queues/lines.ts";
import { leaveGroup, nextOfGroup } from "./queues/order.ts";
import type { Line, OrderGroup, State, Waiting } from "./state.ts";
import { leaveSub } from "./limits/sub_limits.ts";
import { wakeAt } from "./queues/wakes.ts";
import { WaitHistory } from "./wait_history.ts";

/**
 * How a request moves: among its line's candidates, its line among what is
 * ready in its lane; `lease.ts` takes it from there. Every
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
    noteWait(line, line.waiting > 0 ? "order" : undefined, nowMs);
    noteIdle(state, line, nowMs);
    return;
  }
  const opensAtMs = lineOpensAtMs(state, line, nowMs);
  if (opensAtMs > 0) {
    unready(line);
    wakeAt(state, line, opensAtMs);
    noteWait(line, lineReasonOf(line, nowMs), nowMs);
    return;
  }
  wakeAt(state, line, undefined);
  noteWait(line, "turn", nowMs);
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
  if (line.isHalted) return Infinity;
  if (nowMs < line.pausedUntilMs) return line.pausedUntilMs;
  if (line.isCautious && line.inFlight > 0) return Infinity;
  if (line.bucket === undefined) {
    // Nobody has measured this route: ten at once are how a limit of one earns nine 429s.
    const isFree = line.inFlight === 0 ||
      state.registry.isHeaderless(line.routeKey);
    return isFree ? 0 : Infinity;
  }
  const offsetMs = state.clockOffset.offsetMs ?? 0;
  const opening = openingOf(
    line.bucket,
    line.inFlight,
    nowMs + offsetMs,
    nowMs,
  );
  if ("tokens" in opening) return 0;
  return Math.max(opening.opensAtServerMs - offsetMs, nowMs + NEXT_LOOK_MS);
}

/** Why a closed line is closed, by the order in which `lineOpensAtMs` looks. */
export function lineReasonOf(line: Line, nowMs: number): WaitReason {
  if (line.isHalted) return "operator";
  if (nowMs < line.pausedUntilMs || line.isCautious) return "rate_limited";
  if (line.bucket?.decidedAtServerMs === undefined) return "first_answer";
  return "bucket";
}

/** A line that had nobody to keep waiting has no history: most never do. */
function noteWait(
  line: Line,
  reason: WaitReason | undefined,
  nowMs: number,
): void {
  if (line.waitHistory === undefined) {
    if (reason === undefined || reason === "turn") return;
    line.waitHistory = new WaitHistory();
  }
  line.waitHistory.note(reason, nowMs);
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
  uncountWaiting(state, waiting, line);
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

export function unready(line: Line): void {
  if (line.ready === undefined) return;
  line.lane.ready.remove(line.ready);
  line.ready = undefined;
}

function noteIdle(state: State, line: Line, nowMs: number): void {
  if (line.waiting > 0 || line.inFlight > 0) return;
  line.candidates = undefined;
  line.waitHistory = undefined;
  line.idleSinceMs = nowMs;
  if (line.isListedIdle) return;
  line.isListedIdle = true;
  state.idle.push({ line, sinceMs: nowMs });
}
