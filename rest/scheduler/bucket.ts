import type { BucketReport } from "../domain/limit_report.ts";
import type { HashFacts } from "./hash_book.ts";

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
}

/** `Infinity`: only an answer can tell. */
export type Opening =
  | { readonly tokens: number }
  | { readonly opensAtServerMs: number };

/** Resets this close together are one: fixed windows are reported with some noise. */
const SAME_RESET_MS = 50;
/** Keeps a token that is due to the last bit from being missed by rounding. */
const EPSILON = 1e-6;

export function newBucket(facts: HashFacts): Bucket {
  return {
    facts,
    resetAtServerMs: -Infinity,
    remaining: facts.limit,
    decidedAtServerMs: undefined,
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
  const { facts } = bucket;
  if (bucket.decidedAtServerMs === undefined && nowMs < facts.probeUntilMs) {
    return inFlight === 0 ? { tokens: 1 } : { opensAtServerMs: Infinity };
  }
  if (facts.kind === "sliding" && facts.intervalMs !== undefined) {
    return slidingOpening(bucket, facts.intervalMs, inFlight, arrivalServerMs);
  }
  const isOpenWindow = arrivalServerMs < bucket.resetAtServerMs;
  const tokens = (isOpenWindow ? bucket.remaining : facts.limit) - inFlight;
  if (tokens >= 1) return { tokens };
  return {
    opensAtServerMs: isOpenWindow && inFlight < facts.limit
      ? bucket.resetAtServerMs
      : Infinity,
  };
}

function slidingOpening(
  bucket: Bucket,
  intervalMs: number,
  inFlight: number,
  arrivalServerMs: number,
): Opening {
  const { limit } = bucket.facts;
  const fullAtMs = Math.max(bucket.resetAtServerMs, arrivalServerMs) +
    inFlight * intervalMs;
  const spentMs = fullAtMs - arrivalServerMs;
  const tokens = Math.floor(limit - spentMs / intervalMs + EPSILON);
  if (tokens >= 1) return { tokens };
  if (inFlight >= limit) return { opensAtServerMs: Infinity };
  const opensAtServerMs = bucket.resetAtServerMs +
    (inFlight + 1 - limit) * intervalMs;
  return { opensAtServerMs };
}

/** Takes in what an answer of this bucket said, in whatever order answers come. */
export function noteReport(bucket: Bucket, report: BucketReport): void {
  const decidedAtServerMs = report.resetAtServerMs - report.resetAfterMs;
  tellKind(bucket, report, decidedAtServerMs);
  const isSameWindow =
    Math.abs(report.resetAtServerMs - bucket.resetAtServerMs) <= SAME_RESET_MS;
  if (report.resetAtServerMs > bucket.resetAtServerMs) {
    bucket.remaining = isSameWindow && bucket.facts.kind !== "sliding"
      ? Math.min(bucket.remaining, report.remaining)
      : report.remaining;
    bucket.resetAtServerMs = report.resetAtServerMs;
  } else if (isSameWindow) {
    bucket.remaining = Math.min(bucket.remaining, report.remaining);
  }
  bucket.decidedAtServerMs = Math.max(
    bucket.decidedAtServerMs ?? -Infinity,
    decidedAtServerMs,
  );
}

/** Counts a request that reached Discord, perhaps, but whose answer said nothing of the bucket. */
export function noteSilent(bucket: Bucket, arrivalServerMs: number): void {
  bucket.remaining = Math.max(0, bucket.remaining - 1);
  const { intervalMs, kind } = bucket.facts;
  if (kind !== "sliding" || intervalMs === undefined) return;
  bucket.resetAtServerMs = Math.max(bucket.resetAtServerMs, arrivalServerMs) +
    intervalMs;
}

/** Discord's clock was set: what is known keeps its distance from now. */
export function followClock(bucket: Bucket, stepMs: number): void {
  bucket.resetAtServerMs += stepMs;
  if (bucket.decidedAtServerMs !== undefined) {
    bucket.decidedAtServerMs += stepMs;
  }
}

/**
 * Tells sliding from fixed by two answers whose windows overlap: where `Reset`
 * stood still the window is fixed, where it moved on it slides. A limit of one
 * is the same either way.
 */
function tellKind(
  bucket: Bucket,
  report: BucketReport,
  decidedAtServerMs: number,
): void {
  const { facts, decidedAtServerMs: lastDecidedAtServerMs } = bucket;
  if (facts.limit === 1) {
    facts.kind = "sliding";
    return;
  }
  if (lastDecidedAtServerMs === undefined) return;
  const isLater = decidedAtServerMs >= lastDecidedAtServerMs;
  const olderResetMs = isLater
    ? bucket.resetAtServerMs
    : report.resetAtServerMs;
  const newerDecidedMs = isLater ? decidedAtServerMs : lastDecidedAtServerMs;
  if (olderResetMs <= newerDecidedMs) return;
  const movedMs = Math.abs(report.resetAtServerMs - bucket.resetAtServerMs);
  const intervalMs = report.resetAfterMs /
    Math.max(1, report.limit - report.remaining);
  if (movedMs < Math.min(SAME_RESET_MS, intervalMs / 2)) facts.kind = "fixed";
  else if (movedMs >= intervalMs / 2) facts.kind = "sliding";
}
