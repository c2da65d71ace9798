import type { LimitReport } from "../../domain/limit_report.ts";
import type { Ask } from "../types.ts";
import type { Line, State, SubLimit, Waiting } from "../state.ts";
import { wakeAt } from "../queues/wakes.ts";

/**
 * Hidden sub-limits (docs repository #1900, #2190: renaming a channel is
 * limited to 2 per 10 minutes, and nothing but the 429 says so). A request
 * waits only behind one that shares a body member with it.
 */

/** Sub-limits kept per line; the oldest goes, at worst to be met once more. */
const SUBS_MAX = 16;
/**
 * A short wait after a success is taken as the time one token of the hidden
 * limit needs (#8161, #7394: a huge limit announced, 5 per 5 s or 30 per 30 s
 * binding). A longer one is a window: keeping its pace would crawl.
 */
const PACE_MAX_MS = 5_000;
/** After so many successes in a row the pace is halved, in case it was too slow; at worst one 429 in so many. */
const PASSES_PER_EASING = 8;

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

/** The sub-limit of its line that `waiting` falls under, if any: of several the one that is paused longest. */
export function subOf(waiting: Waiting): SubLimit | undefined {
  const { line, ask } = waiting;
  let longest: SubLimit | undefined;
  for (const sub of line.subs ?? []) {
    const isMeant = sub.routeKey === ask.route.key &&
      overlaps(sub.fields, ask.fields);
    if (!isMeant) continue;
    if (longest === undefined || sub.pausedUntilMs > longest.pausedUntilMs) {
      longest = sub;
    }
  }
  return longest;
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
export function limitSub(
  state: State,
  waiting: Waiting,
  report: LimitReport,
  untilMs: number,
): SubLimit {
  const { line, ask } = waiting;
  const isProbe = waiting.sub !== undefined && line.subs?.includes(waiting.sub);
  let sub = isProbe ? waiting.sub : subOf(waiting);
  if (sub === undefined) {
    sub = {
      kind: "sub",
      line,
      routeKey: ask.route.key,
      fields: ask.fields,
      pausedUntilMs: 0,
      probe: undefined,
      parked: [],
      last429AtMs: -Infinity,
      paceMs: 0,
      passed: 0,
      passedAtMs: -Infinity,
      wake: undefined,
    };
    line.subs ??= [];
    line.subs.push(sub);
    trimSubs(state, line);
  }
  const tokenMs = untilMs - sub.passedAtMs;
  sub.paceMs = tokenMs <= PACE_MAX_MS ? Math.max(sub.paceMs, tokenMs) : 0;
  sub.last429AtMs = report.receivedAtMs;
  sub.passed = 0;
  sub.pausedUntilMs = Math.max(sub.pausedUntilMs, untilMs);
  if (sub.probe === waiting) sub.probe = undefined;
  wakeAt(state, sub, sub.pausedUntilMs);
  return sub;
}

/** A request under `sub` got through: the next may follow after the pace the limit has shown. */
export function passSub(
  state: State,
  sub: SubLimit,
  waiting: Waiting,
  sentAtMs: number,
): void {
  if (sub.probe === waiting) sub.probe = undefined;
  sub.passedAtMs = sentAtMs;
  sub.passed++;
  if (sub.passed % PASSES_PER_EASING === 0) sub.paceMs /= 2;
  sub.pausedUntilMs = Math.max(sub.pausedUntilMs, sentAtMs + sub.paceMs);
  wakeAt(state, sub, sub.pausedUntilMs);
}

export function dropSub(state: State, sub: SubLimit): void {
  const { line } = sub;
  const rest = line.subs?.filter((other) => other !== sub) ?? [];
  line.subs = rest.length === 0 ? undefined : rest;
  wakeAt(state, sub, undefined);
}

/** Parks a candidate; it waits at its own place among the parked. */
export function park(state: State, sub: SubLimit, waiting: Waiting): void {
  enter(state, sub, waiting);
  waiting.state = "parked";
  const { parked } = sub;
  let index = parked.length;
  while (index > 0 && (parked[index - 1] as Waiting).seq > waiting.seq) index--;
  parked.splice(index, 0, waiting);
}

/** Lets `waiting` through `sub`, alone. */
export function probe(state: State, sub: SubLimit, waiting: Waiting): void {
  enter(state, sub, waiting);
  sub.probe = waiting;
}

/** A request stands under one sub-limit at a time: after a merge or a change of hash it may meet another. */
function enter(state: State, sub: SubLimit, waiting: Waiting): void {
  if (waiting.sub !== sub) leaveSub(state, waiting);
  waiting.sub = sub;
}

/** Takes `waiting` out of its sub-limit, where the next one may try then. */
export function leaveSub(state: State, waiting: Waiting): void {
  const { sub } = waiting;
  if (sub === undefined) return;
  const index = sub.parked.indexOf(waiting);
  if (index >= 0) sub.parked.splice(index, 1);
  waiting.sub = undefined;
  if (sub.probe !== waiting) return;
  sub.probe = undefined;
  wakeAt(state, sub, sub.pausedUntilMs);
}

function trimSubs(state: State, line: Line): void {
  const oldest = line.subs?.find((sub) => sub.parked.length === 0);
  const isFull = (line.subs?.length ?? 0) > SUBS_MAX;
  if (isFull && oldest !== undefined) dropSub(state, oldest);
}
