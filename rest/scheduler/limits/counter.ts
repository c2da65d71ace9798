import type { LimitReport } from "../../domain/limit_report.ts";
import { openingOf } from "./bucket.ts";
import type { CounterRole } from "./counter_role.ts";
import type { Counter, Identity, Line, State } from "../state.ts";

/**
 * When the next request may start, as far as one counter is concerned. What a
 * counter is not sure of it is asked carefully: one request that nobody has
 * measured, two of a route that nobody has seen.
 */

/** Lines of a route nobody has seen an answer of that go first: two answers tell whether they share a counter. */
const UNSEEN_MAX = 2;
/** So many that passed since a hidden limit's last 429, as a power of two, let one more go beside: it may be a large one. */
const PASSED_PER_MORE = 3;
/** While nobody answers, another may go after this time, and each one sooner than the one before: Discord may be slow, and a hundred lines must not wait for it one by one. */
const UNSEEN_PATIENCE_MS = 1_000;
/** A moment already past by rounding: look again this much later, never in a hot loop. */
const NEXT_LOOK_MS = 1;
/** Repeated 429s without a success between wait at least this, doubled each time: a mute one must not loop. */
const BACK_OFF_MS = 500;
const BACK_OFF_MAX_MS = 60_000;

/** A counter nobody has heard of. */
export function newCounter(
  identity: Identity,
  role: CounterRole,
  name: string,
  place: string,
): Counter {
  return {
    kind: "counter",
    role,
    identity,
    bucket: undefined,
    inFlight: 0,
    pausedUntilMs: 0,
    isCautious: false,
    ready: 0,
    urgentInARow: 0,
    waiting: undefined,
    wake: undefined,
    consecutive429s: 0,
    lastSentAtMs: -Infinity,
    last429AtMs: -Infinity,
    learning: undefined,
    told: undefined,
    told429Of: undefined,
    trial: undefined,
    lines: 0,
    name,
    place,
  };
}

/** What may start now: so many, or none before a moment (on our clock); Infinity: an answer has to come first. */
export type CounterOpening = { readonly tokens: number } | {
  readonly opensAtMs: number;
};

const CLOSED: CounterOpening = { opensAtMs: Infinity };
const ONE: CounterOpening = { tokens: 1 };
const ANY: CounterOpening = { tokens: Infinity };

/** Reads when a counter lets the next request start. */
export function openingOfCounter(
  state: State,
  counter: Counter,
  nowMs: number,
): CounterOpening {
  const { bucket, inFlight, pausedUntilMs, isCautious } = counter;
  if (nowMs < pausedUntilMs) return { opensAtMs: pausedUntilMs };
  if (isCautious && inFlight > 0) return CLOSED;
  if (bucket === undefined) return unmeasured(state, counter, nowMs);
  const offsetMs = state.clockOffset.offsetMs ?? 0;
  const opening = openingOf(bucket, inFlight, nowMs + offsetMs, nowMs);
  if ("tokens" in opening) return isCautious ? ONE : opening;
  const opensAtMs = opening.opensAtServerMs - offsetMs;
  return { opensAtMs: Math.max(opensAtMs, nowMs + NEXT_LOOK_MS) };
}

/** 0: may send now. Infinity: an answer has to come first. */
function counterOpensAtMs(
  state: State,
  counter: Counter,
  nowMs: number,
): number {
  const opening = openingOfCounter(state, counter, nowMs);
  return "tokens" in opening ? 0 : opening.opensAtMs;
}

/**
 * Whether a line may try a counter that is closed: it may not be under it. Of a
 * hash whose lines nobody has told apart one goes at a time that has not been
 * heard of; if it is under it after all, its 429 tells.
 */
export function mayTry(counter: Counter, line: Line): boolean {
  const { role, bucket, trial } = counter;
  if (role !== "common" || bucket?.facts.spread !== "unknown") return false;
  const own = line.counters[0]?.bucket;
  return (trial ?? line) === line && own?.decidedAtServerMs === undefined;
}

/** Notes who tries a closed counter. */
export function noteTrial(
  state: State,
  counter: Counter,
  line: Line,
  nowMs: number,
): void {
  if (counter.role !== "common" || !mayTry(counter, line)) return;
  if (counterOpensAtMs(state, counter, nowMs) > 0) counter.trial = line;
}

/** 0: the line may send now, as far as this counter is concerned. */
export function opensForAtMs(
  state: State,
  counter: Counter,
  line: Line,
  nowMs: number,
): number {
  const opensAtMs = counterOpensAtMs(state, counter, nowMs);
  return opensAtMs > 0 && mayTry(counter, line) ? 0 : opensAtMs;
}

function unmeasured(
  { registry }: State,
  counter: Counter,
  nowMs: number,
): CounterOpening {
  const { role, inFlight, lastSentAtMs, name, learning } = counter;
  switch (role) {
    case "unseen": {
      if (inFlight < UNSEEN_MAX) return { tokens: UNSEEN_MAX - inFlight };
      const beside = inFlight - UNSEEN_MAX + 1;
      const opensAtMs = lastSentAtMs + UNSEEN_PATIENCE_MS / beside;
      return nowMs >= opensAtMs ? ONE : { opensAtMs };
    }
    case "hidden": {
      // One after the other: the 429 that ends a window is then a single one.
      const most = 1 + ((learning?.passed ?? 0) >> PASSED_PER_MORE);
      return inFlight < most ? { tokens: most - inFlight } : CLOSED;
    }
    default:
      if (registry.isHeaderless(name)) return ANY;
      // Nobody has measured it: ten at once are how a limit of one earns nine 429s.
      return inFlight === 0 ? ONE : CLOSED;
  }
}

/** A request that spends one of its tokens is sent. */
export function countSent(counter: Counter, nowMs: number): void {
  counter.inFlight++;
  counter.lastSentAtMs = nowMs;
  if (counter.bucket !== undefined) counter.bucket.unheard++;
}

/** It is under way no more, whatever came of it. */
export function countBack(counter: Counter): void {
  counter.inFlight--;
  const { bucket } = counter;
  // It may be one that was sent before the newest answer: then one too few is
  // taken for unheard, which is never too much to wait.
  if (bucket !== undefined && bucket.unheard > 0) bucket.unheard--;
}

/** How long it stays closed at least after a 429: not longer for the first two in a row, then more and more. */
export function backOffAfter(counter: Counter, report: LimitReport): number {
  // Those that left together are met by the limit together: that counts once.
  if (report.sentAtMs >= counter.last429AtMs) counter.consecutive429s++;
  counter.last429AtMs = Math.max(counter.last429AtMs, report.receivedAtMs);
  const { consecutive429s } = counter;
  if (consecutive429s < 3) return consecutive429s === 1 ? 0 : BACK_OFF_MS;
  return Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** (consecutive429s - 2));
}

/** A 429 closes it until then; one request goes first. */
export function pauseCounter(counter: Counter, untilMs: number): void {
  counter.pausedUntilMs = Math.max(counter.pausedUntilMs, untilMs);
  counter.isCautious = true;
}

/** A request that was counted on it got through. */
export function notePassed(counter: Counter, sentAtMs: number): void {
  counter.consecutive429s = 0;
  // An answer to what left before the pause proves nothing about after it.
  if (sentAtMs >= counter.pausedUntilMs) counter.isCautious = false;
}

/** Whether nothing would be lost by forgetting it: a new one would start the same. */
export function isAtRest(
  state: State,
  counter: Counter,
  nowMs: number,
): boolean {
  const { bucket, inFlight, pausedUntilMs, last429AtMs } = counter;
  if (inFlight > 0 || nowMs < pausedUntilMs) return false;
  // What a 429 taught is kept as long as it would be in an empty table.
  if (nowMs - last429AtMs < state.options.lineIdleMs) return false;
  if (bucket === undefined) return true;
  const offsetMs = state.clockOffset.offsetMs ?? 0;
  return bucket.resetAtServerMs <= nowMs + offsetMs;
}
