import type { LimitReport } from "../domain/limit_report.ts";
import type { Ask } from "./types.ts";
import type { Line, State, SubLimit, Waiting } from "./state.ts";
import { wakeAt } from "./wakes.ts";

/**
 * Hidden sub-limits (docs repository #1900, #2190: renaming a channel is
 * limited to 2 per 10 minutes, and nothing but the 429 says so). A request
 * waits only behind one that shares a body member with it.
 */

/** Sub-limits kept per line; the oldest goes, at worst to be met once more. */
const SUBS_MAX = 16;
/** Successes demanded at most before a sub-limit that struck often is let go. */
const SUCCESSES_MAX = 64;

/** Whether one request may not overtake the other. */
export function sharesField(a: Ask, b: Ask): boolean {
  return overlaps(a.fields, b.fields);
}

function overlaps(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): boolean {
  if (a === undefined || b === undefined) return true;
  return a.some((field) => b.includes(field));
}

/** The sub-limit of its line that `waiting` falls under, if any. */
export function subOf(waiting: Waiting): SubLimit | undefined {
  const { line, ask } = waiting;
  return line.subs?.find((sub) =>
    sub.routeKey === ask.route.key && overlaps(sub.fields, ask.fields)
  );
}

/** Whether `waiting` may not be sent now because of `sub`. */
export function isBlocked(
  sub: SubLimit,
  waiting: Waiting,
  nowMs: number,
): boolean {
  if (sub.probe === waiting) return false;
  return sub.probe !== undefined || nowMs < sub.pausedUntilMs;
}

/** A 429 of a hidden limit: makes or prolongs the sub-limit of this request. */
export function strikeSub(
  state: State,
  waiting: Waiting,
  report: LimitReport,
  untilMs: number,
): SubLimit {
  const { line, ask } = waiting;
  let sub = subOf(waiting);
  if (sub === undefined) {
    sub = {
      kind: "sub",
      line,
      routeKey: ask.route.key,
      fields: ask.fields,
      pausedUntilMs: 0,
      probe: undefined,
      parked: [],
      strikes: 0,
      struckAtMs: -Infinity,
      successes: 0,
      wake: undefined,
    };
    line.subs ??= [];
    line.subs.push(sub);
    trimSubs(state, line);
  }
  if (report.sentAtMs >= sub.struckAtMs) sub.strikes++;
  sub.struckAtMs = report.receivedAtMs;
  sub.successes = 0;
  sub.pausedUntilMs = Math.max(sub.pausedUntilMs, untilMs);
  if (sub.probe === waiting) sub.probe = undefined;
  wakeAt(state, sub, sub.pausedUntilMs);
  return sub;
}

/** A request under `sub` got through; true when the sub-limit has proven open and is gone. */
export function passSub(
  state: State,
  sub: SubLimit,
  waiting: Waiting,
): boolean {
  if (sub.probe === waiting) sub.probe = undefined;
  sub.successes++;
  const needed = Math.min(SUCCESSES_MAX, 2 ** (sub.strikes - 1));
  if (sub.successes < needed) return false;
  dropSub(state, sub);
  return true;
}

export function dropSub(state: State, sub: SubLimit): void {
  const { line } = sub;
  const rest = line.subs?.filter((other) => other !== sub) ?? [];
  line.subs = rest.length === 0 ? undefined : rest;
  wakeAt(state, sub, undefined);
}

/** Parks a candidate; it waits at its own place among the parked. */
export function park(sub: SubLimit, waiting: Waiting): void {
  waiting.state = "parked";
  waiting.sub = sub;
  const { parked } = sub;
  let index = parked.length;
  while (index > 0 && (parked[index - 1] as Waiting).seq > waiting.seq) index--;
  parked.splice(index, 0, waiting);
}

export function unpark(waiting: Waiting): void {
  const { sub } = waiting;
  if (sub === undefined) return;
  const index = sub.parked.indexOf(waiting);
  if (index >= 0) sub.parked.splice(index, 1);
  if (sub.probe === waiting) sub.probe = undefined;
  waiting.sub = undefined;
}

function trimSubs(state: State, line: Line): void {
  const oldest = line.subs?.find((sub) => sub.parked.length === 0);
  const isFull = (line.subs?.length ?? 0) > SUBS_MAX;
  if (isFull && oldest !== undefined) dropSub(state, oldest);
}
