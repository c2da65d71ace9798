import type { BucketReport } from "../../domain/limit_report.ts";
import type { HashFacts } from "./bucket_registry.ts";
import { type BucketDoubt, doubtOf, type FormerEnd } from "./doubt.ts";

/**
 * One bucket of Discord's: how many requests may be in the air now, and when
 * the next may start. Times of Discord's clock end in `ServerMs`.
 *
 * Sliding: the state is one moment, `resetAtServerMs`, when the bucket would be
 * full; every request moves it one interval on, so in-flight requests, whose
 * answers we have not seen, are added to it. Fixed, or not yet told apart:
 * `remaining` counts down to `resetAtServerMs` and no token is expected before.
 */
export interface Bucket {
  facts: HashFacts;
  resetAtServerMs: number;
  remaining: number;
  /** When Discord decided on the newest answer seen; undefined before the first. */
  decidedAtServerMs: number | undefined;
  /** The newest answer that was no 429: two of them tell sliding from fixed. */
  passed: BucketReport | undefined;
  /** What that answer's `Reset` was; `resetAtServerMs` may lie beyond it. */
  toldResetServerMs: number;
  /** When the window began that is counted here; -Infinity where answers tell. */
  openedAtServerMs: number;
  /** Requests sent since the newest answer came: none of them is in its numbers, as earlier ones under way may be. */
  unheard: number;
  /** Requests whose answers said nothing, and the moment by which they had arrived. */
  silent: number;
  silentByServerMs: number;
  /** Those of them that came before the bucket was known to slide: they have not moved `resetAtServerMs`. */
  owed: number;
  /** While no answer has told of it: until then it counts as empty, and is asked carefully. */
  readonly doubt: BucketDoubt | undefined;
}

/** `Infinity`: only an answer can tell. */
export type Opening =
  | { readonly tokens: number }
  | { readonly opensAtServerMs: number };

/** Resets this close together are one: fixed windows are reported with some noise. */
const SAME_RESET_MS = 50;
/** Limits below this hide no smaller one that is worth going slowly for. */
const BURST_FROM = 8;
/** Keeps a token that is due to the last bit from being missed by rounding. */
const EPSILON = 1e-6;

/**
 * Makes a bucket of which no answer has told yet: it counts as full, unless
 * another process has been killed that may have used it.
 */
export function newBucket(
  facts: HashFacts,
  former?: FormerEnd | undefined,
): Bucket {
  return {
    facts,
    resetAtServerMs: -Infinity,
    remaining: facts.limit,
    decidedAtServerMs: undefined,
    passed: undefined,
    toldResetServerMs: -Infinity,
    openedAtServerMs: -Infinity,
    unheard: 0,
    silent: 0,
    silentByServerMs: -Infinity,
    owed: 0,
    doubt: former && doubtOf(facts, former),
  };
}

/**
 * What may start now, if it arrives at `arrivalServerMs` with `inFlight`
 * requests under way whose answers are not in the bucket yet.
 */
export function openingOf(
  bucket: Bucket,
  inFlight: number,
  arrivalServerMs: number,
  nowMs: number,
): Opening {
  const { facts, doubt } = bucket;
  if (bucket.decidedAtServerMs === undefined) {
    if (doubt !== undefined && arrivalServerMs < doubt.emptyUntilServerMs) {
      return { opensAtServerMs: doubt.emptyUntilServerMs };
    }
    if (nowMs < Math.max(facts.probeUntilMs, doubt?.probeUntilMs ?? 0)) {
      return inFlight === 0 ? { tokens: 1 } : { opensAtServerMs: Infinity };
    }
  }
  if (inFlight >= burstOf(facts)) return { opensAtServerMs: Infinity };
  if (facts.kind === "sliding" && facts.intervalMs !== undefined) {
    return slidingOpening(bucket, facts.intervalMs, inFlight, arrivalServerMs);
  }
  const isOpenWindow = arrivalServerMs < bucket.resetAtServerMs;
  // Nobody has told when the window ends that was opened here: one asks.
  const isGuess = !isOpenWindow && !facts.isWindowExact &&
    bucket.openedAtServerMs > -Infinity;
  if (isGuess) {
    return inFlight === 0 ? { tokens: 1 } : { opensAtServerMs: Infinity };
  }
  const tokens = (isOpenWindow ? bucket.remaining : facts.limit) - inFlight;
  if (tokens >= 1) return { tokens };
  return {
    opensAtServerMs: isOpenWindow && inFlight < facts.limit
      ? bucket.resetAtServerMs
      : Infinity,
  };
}

/**
 * How many may be under way together. A large limit may hide a small one that
 * binds (#8161, #7394), which a burst would meet with all but a few of its
 * requests: so bursts double, once for each hash, until one was as large.
 */
function burstOf({ limit, burst }: HashFacts): number {
  return limit < BURST_FROM || burst >= limit ? Infinity : 2 * burst;
}

function slidingOpening(
  bucket: Bucket,
  intervalMs: number,
  inFlight: number,
  arrivalServerMs: number,
): Opening {
  const { limit } = bucket.facts;
  const resetAtMs = slidingResetAtMs(bucket, intervalMs);
  const fullAtMs = Math.max(resetAtMs, arrivalServerMs) +
    inFlight * intervalMs;
  const spentMs = fullAtMs - arrivalServerMs;
  const tokens = Math.floor(limit - spentMs / intervalMs + EPSILON);
  if (tokens >= 1) return { tokens };
  if (inFlight >= limit) return { opensAtServerMs: Infinity };
  return { opensAtServerMs: resetAtMs + (inFlight + 1 - limit) * intervalMs };
}

/** When it is full again, silent requests counted: each of them took a token, by then at the latest. */
function slidingResetAtMs(bucket: Bucket, intervalMs: number): number {
  const { resetAtServerMs, silentByServerMs, owed } = bucket;
  if (owed === 0) return resetAtServerMs;
  return Math.max(resetAtServerMs, silentByServerMs) + owed * intervalMs;
}

/** Takes in what an answer of this bucket said, in whatever order answers come. */
export function noteReport(bucket: Bucket, report: BucketReport): void {
  tellKind(bucket, report);
  const passed = bucket.passed;
  if (passed === undefined || decidedAt(report) >= decidedAt(passed)) {
    bucket.passed = report;
  }
  noteDenied(bucket, report);
}

/** The same of a 429: what was refused has moved no `Reset`, so it does not tell sliding from fixed. */
export function noteDenied(bucket: Bucket, report: BucketReport): void {
  const decidedAtServerMs = decidedAt(report);
  bucket.unheard = 0;
  const { kind, intervalMs } = bucket.facts;
  if (decidedAtServerMs >= bucket.silentByServerMs) forgetSilent(bucket);
  const isSliding = kind === "sliding" && intervalMs !== undefined;
  takeNewest(bucket, {
    // The silent ones may have arrived after the one this answer is about.
    remaining: Math.max(0, report.remaining - bucket.silent),
    resetAtServerMs: isSliding
      ? report.resetAtServerMs + bucket.silent * intervalMs
      : report.resetAtServerMs,
  });
  if (decidedAtServerMs < (bucket.decidedAtServerMs ?? -Infinity)) return;
  bucket.decidedAtServerMs = decidedAtServerMs;
  bucket.toldResetServerMs = report.resetAtServerMs;
}

/** When Discord decided on a request. */
function decidedAt({ resetAtServerMs, resetAfterMs }: BucketReport): number {
  return resetAtServerMs - resetAfterMs;
}

/** The largest `Reset` is the newest state; of the same window the fewest tokens are. */
function takeNewest(
  bucket: Bucket,
  told: { readonly resetAtServerMs: number; readonly remaining: number },
): void {
  const { resetAtServerMs, remaining } = told;
  const isSliding = bucket.facts.kind === "sliding";
  // A window opened by silent requests was a guess; this is the one they opened.
  const isGuessed = !isSliding &&
    bucket.resetAtServerMs > bucket.toldResetServerMs + SAME_RESET_MS &&
    resetAtServerMs > bucket.toldResetServerMs + SAME_RESET_MS;
  const isSameWindow = isGuessed ||
    Math.abs(resetAtServerMs - bucket.resetAtServerMs) <= SAME_RESET_MS;
  if (resetAtServerMs > bucket.resetAtServerMs || isGuessed) {
    bucket.remaining = isSameWindow && !isSliding
      ? Math.min(bucket.remaining, remaining)
      : remaining;
    bucket.resetAtServerMs = resetAtServerMs;
  } else if (isSameWindow) {
    bucket.remaining = Math.min(bucket.remaining, remaining);
  }
}

function forgetSilent(bucket: Bucket): void {
  bucket.silent = 0;
  bucket.owed = 0;
}

/** Counts a request that reached Discord, perhaps, by then, but whose answer said nothing of the bucket. */
export function noteSilent(bucket: Bucket, arrivedByServerMs: number): void {
  const { intervalMs, kind, limit, windowMs } = bucket.facts;
  if (kind === "sliding" && intervalMs !== undefined) {
    const resetAtMs = slidingResetAtMs(bucket, intervalMs);
    bucket.resetAtServerMs = Math.max(resetAtMs, arrivedByServerMs) +
      intervalMs;
    bucket.owed = 0;
  } else {
    bucket.owed++;
    if (arrivedByServerMs >= bucket.resetAtServerMs) {
      // It opened the next window.
      bucket.resetAtServerMs = arrivedByServerMs + windowMs;
      bucket.remaining = limit;
    }
  }
  bucket.remaining = Math.max(0, bucket.remaining - 1);
  bucket.silent++;
  bucket.silentByServerMs = Math.max(
    bucket.silentByServerMs,
    arrivedByServerMs,
  );
}

/** Counts a request that certainly spent a token at that moment, of a bucket whose answers tell nothing of it. */
export function noteTaken(bucket: Bucket, atServerMs: number): void {
  const { facts } = bucket;
  // The newest 429 knew of it already.
  if (atServerMs <= (bucket.decidedAtServerMs ?? -Infinity)) return;
  if (facts.kind === "sliding" && facts.intervalMs !== undefined) {
    bucket.resetAtServerMs = Math.max(bucket.resetAtServerMs, atServerMs) +
      facts.intervalMs;
    return;
  }
  if (atServerMs >= bucket.resetAtServerMs) {
    bucket.openedAtServerMs = atServerMs;
    bucket.resetAtServerMs = atServerMs + facts.windowMs;
    bucket.remaining = facts.limit;
  }
  bucket.remaining = Math.max(0, bucket.remaining - 1);
}

/** Discord's clock was set: what is known keeps its distance from now. */
export function followClock(bucket: Bucket, stepMs: number): void {
  bucket.resetAtServerMs += stepMs;
  if (bucket.decidedAtServerMs !== undefined) {
    bucket.decidedAtServerMs += stepMs;
  }
  bucket.toldResetServerMs += stepMs;
  bucket.openedAtServerMs += stepMs;
  // Two answers of two clocks would tell nothing.
  bucket.passed = undefined;
  bucket.silentByServerMs += stepMs;
}

/**
 * Tells sliding from fixed by two answers whose windows overlap: where `Reset`
 * stood still the window is fixed, where it moved on it slides. A limit of one
 * is the same either way.
 */
function tellKind({ facts, passed }: Bucket, report: BucketReport): void {
  if (facts.limit === 1) {
    facts.kind = "sliding";
    return;
  }
  if (passed === undefined) return;
  const isLater = decidedAt(report) >= decidedAt(passed);
  const older = isLater ? passed : report;
  const newer = isLater ? report : passed;
  if (older.resetAtServerMs <= decidedAt(newer)) return;
  const movedMs = Math.abs(report.resetAtServerMs - passed.resetAtServerMs);
  const intervalMs = report.resetAfterMs /
    Math.max(1, report.limit - report.remaining);
  if (movedMs < Math.min(SAME_RESET_MS, intervalMs / 2)) facts.kind = "fixed";
  else if (movedMs >= intervalMs / 2) facts.kind = "sliding";
}
