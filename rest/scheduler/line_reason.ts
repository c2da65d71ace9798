import type { WaitReason } from "../domain/wait_reason.ts";
import { opensForAtMs } from "./limits/counter.ts";
import { countersOf } from "./limits/counters_of.ts";
import type { Counter, Line, State, Waiting } from "./state.ts";
import { WaitHistory } from "./wait_history.ts";

/** Why a line waits for this counter; undefined: for none. */
export function reasonOf(
  counter: Counter | undefined,
  nowMs: number,
): WaitReason {
  if (counter === undefined) return "turn";
  const { role, pausedUntilMs, isCautious, bucket } = counter;
  if (role === "hidden" || role === "second") return "hidden_limit";
  if (nowMs < pausedUntilMs || isCautious) return "rate_limited";
  if (role === "common") return "common_limit";
  return bucket?.decidedAtServerMs === undefined ? "first_answer" : "bucket";
}

/** Why a closed line is closed. */
export function lineReasonOf(
  state: State,
  line: Line,
  nowMs: number,
): WaitReason {
  if (line.isHalted) return "operator";
  let latestMs = 0;
  let closed: Counter | undefined;
  for (const counter of countersOf(state, line)) {
    const atMs = opensForAtMs(state, counter, line, nowMs);
    if (atMs <= latestMs) continue;
    latestMs = atMs;
    closed = counter;
  }
  return reasonOf(closed, nowMs);
}

/** Why a line waits that has nobody to send now: for what is set aside, or for an answer; undefined: nobody waits. */
export function emptyReasonOf(
  state: State,
  { waiting, delayed }: Line,
  nowMs: number,
): WaitReason | undefined {
  if (waiting === 0) return undefined;
  return delayed?.state === "delayed"
    ? delayReasonOf(state, delayed, nowMs)
    : "order";
}

/** Why a request is set aside. */
export function delayReasonOf(
  { invalid }: State,
  { line, caller }: Waiting,
  nowMs: number,
): WaitReason {
  const mayGo = invalid.allows(line.routeKey, nowMs, caller.name);
  return mayGo ? "retry" : "invalid_budget";
}

/** A line that had nobody to keep waiting has no history: most never do. */
export function noteWait(
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
