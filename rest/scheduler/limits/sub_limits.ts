import { newCounter, openingOfCounter } from "./counter.ts";
import { isStale } from "./counters_of.ts";
import type { Line, State, SubLimit, Waiting } from "../state.ts";
import { wakeAt } from "../queues/wakes.ts";

/**
 * Hidden limits on members of a body (docs repository #1900, #2190: renaming a
 * channel is limited to 2 per 10 minutes, and nothing but the 429 says so).
 * Other requests of the line pass: one waits only behind an earlier one that
 * shares a body member with it. The counter is a hidden one like any other.
 */

/** Sub-limits kept per line; the oldest goes, at worst to be met once more. */
const SUBS_MAX = 16;

/** Whether one request may not overtake the other. */
export function sharesField(a: Waiting, b: Waiting): boolean {
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
export function subOf({ line, fields }: Waiting): SubLimit | undefined {
  let longest: SubLimit | undefined;
  for (const sub of line.subs ?? []) {
    if (!overlaps(sub.fields, fields)) continue;
    const isLonger = longest === undefined ||
      sub.counter.pausedUntilMs > longest.counter.pausedUntilMs;
    if (isLonger) longest = sub;
  }
  return longest;
}

/** Forgets what has not been met for long, where nobody waits for it. */
export function forgetStaleSubs(
  state: State,
  line: Line,
  nowMs: number,
): void {
  for (const sub of line.subs ?? []) {
    const isUsed = sub.parked.length > 0 || sub.admitted.size > 0;
    if (!isUsed && isStale(sub.counter, nowMs)) dropSub(state, sub);
  }
}

/** Whether `waiting` may not be sent now because of `sub`. */
export function isBlocked(
  state: State,
  sub: SubLimit,
  waiting: Waiting,
  nowMs: number,
): boolean {
  const free = freeOf(state, sub, nowMs);
  // Its own place among those let through is one of the tokens.
  if (sub.admitted.has(waiting)) return free < 0;
  return sub.parked.length > 0 || free < 1;
}

/** Tokens that nobody who was let through will take; below 0 where they have become fewer. */
function freeOf(
  state: State,
  { counter, admitted }: SubLimit,
  nowMs: number,
): number {
  const opening = openingOfCounter(state, counter, nowMs);
  const tokens = "tokens" in opening ? opening.tokens : 0;
  return tokens - (admitted.size - counter.inFlight);
}

/** The sub-limit a 429 was about, made where there is none. */
export function limitedSub(
  state: State,
  waiting: Waiting,
  fields: readonly string[],
): SubLimit {
  const { line } = waiting;
  const known = waiting.sub ?? subOf(waiting);
  if (known !== undefined && line.subs?.includes(known)) return known;
  const { identity } = line.lane;
  const sub: SubLimit = {
    kind: "sub",
    line,
    fields,
    counter: newCounter(identity, "hidden", "", line.major),
    admitted: new Set(),
    parked: [],
    wake: undefined,
  };
  line.subs ??= [];
  line.subs.push(sub);
  trimSubs(state, line.subs);
  return sub;
}

/** Has a sub-limit looked at when it opens, if somebody is parked there. */
export function watchSub(state: State, sub: SubLimit, nowMs: number): void {
  if (sub.parked.length === 0) return;
  if (freeOf(state, sub, nowMs) >= 1) {
    wakeAt(state, sub, nowMs);
    return;
  }
  // Where all its tokens are promised, whoever was let through makes room.
  const opening = openingOfCounter(state, sub.counter, nowMs);
  wakeAt(state, sub, "tokens" in opening ? undefined : opening.opensAtMs);
}

/** Those that may try now; they stay admitted until they are settled. */
export function takeParked(
  state: State,
  sub: SubLimit,
  nowMs: number,
): Waiting[] {
  const taken: Waiting[] = [];
  while (sub.parked.length > 0 && freeOf(state, sub, nowMs) >= 1) {
    const next = sub.parked.shift() as Waiting;
    sub.admitted.add(next);
    taken.push(next);
  }
  return taken;
}

function dropSub(state: State, sub: SubLimit): void {
  const { line } = sub;
  const rest = line.subs?.filter((other) => other !== sub) ?? [];
  line.subs = rest.length === 0 ? undefined : rest;
  wakeAt(state, sub, undefined);
}

/** Parks a candidate; it waits at its own place among the parked. */
export function park(
  state: State,
  sub: SubLimit,
  waiting: Waiting,
  nowMs: number,
): void {
  if (waiting.sub !== sub) leaveSub(state, waiting, nowMs);
  waiting.sub = sub;
  waiting.state = "parked";
  sub.admitted.delete(waiting);
  const { parked } = sub;
  let index = parked.length;
  while (index > 0 && (parked[index - 1] as Waiting).seq > waiting.seq) index--;
  parked.splice(index, 0, waiting);
  watchSub(state, sub, nowMs);
}

/** Lets `waiting` through. */
export function admit(sub: SubLimit, waiting: Waiting): void {
  waiting.sub = sub;
  sub.admitted.add(waiting);
}

/** Takes `waiting` out of its sub-limit, where the next one may try then. */
export function leaveSub(
  state: State,
  waiting: Waiting,
  nowMs: number,
): void {
  const { sub } = waiting;
  if (sub === undefined) return;
  waiting.sub = undefined;
  const index = sub.parked.indexOf(waiting);
  if (index >= 0) sub.parked.splice(index, 1);
  sub.admitted.delete(waiting);
  watchSub(state, sub, nowMs);
}

function trimSubs(state: State, subs: readonly SubLimit[]): void {
  if (subs.length <= SUBS_MAX) return;
  const oldest = subs.find(({ parked, admitted }) =>
    parked.length === 0 && admitted.size === 0
  );
  if (oldest !== undefined) dropSub(state, oldest);
}
