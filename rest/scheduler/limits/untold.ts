import type { BucketReport } from "../../domain/limit_report.ts";
import type { HashFacts } from "./bucket_registry.ts";
import { newBucket, noteDenied, noteTaken } from "./bucket.ts";
import type { Counter } from "../state.ts";

/**
 * Counters that only their 429s tell of: what they have left is counted here,
 * by the moments at which Discord decided on what passed.
 *
 * A *second* bucket's 429 names its numbers. Where the moment of the next token
 * and the moment of Reset differ it is sliding; where they agree it is fixed,
 * and the 429 of the next window tells how long a window lasts. A *hidden* limit's 429 says only when to come back: what has passed
 * between two of them, in that time, is taken for its limit and its window,
 * which holds for either kind.
 */

/** Two moments this close together are one: headers are rounded to milliseconds, bodies to less. */
const SAME_MS = 50;
/** A pause before the first that passed is no part of a window: beyond this share of the whole nothing is learnt. */
const IDLE_SHARE = 1 / 4;

/** A request passed that was decided on then. */
export function countPassed(counter: Counter, atServerMs: number): void {
  const { bucket, learning } = counter;
  if (learning !== undefined && atServerMs > learning.deniedAtServerMs) {
    if (learning.passed++ === 0) learning.firstAtServerMs = atServerMs;
  }
  if (bucket !== undefined) noteTaken(bucket, atServerMs);
}

/** A 429 of a second bucket, and the numbers it named. */
export function learnSecond(
  counter: Counter,
  report: BucketReport,
  retryAfterMs: number | undefined,
): void {
  const { bucket } = counter;
  if (bucket === undefined) return;
  const { facts } = bucket;
  facts.burst = Infinity;
  const restMs = report.resetAfterMs - (retryAfterMs ?? report.resetAfterMs);
  if (facts.limit > 1 && restMs > SAME_MS) {
    facts.kind = "sliding";
    facts.intervalMs = restMs / (facts.limit - 1);
  } else if (facts.kind === "unknown") {
    facts.kind = "fixed";
  }
  const windowMs = report.resetAtServerMs - bucket.openedAtServerMs;
  if (facts.kind === "fixed" && Number.isFinite(windowMs)) {
    facts.isWindowExact = true;
    facts.windowMs = Math.max(facts.windowMs, windowMs);
  }
  noteDenied(bucket, report);
}

/** A 429 of a hidden limit, decided on then, and when it said to come back. */
export function learnHidden(
  counter: Counter,
  deniedAtServerMs: number,
  opensAtServerMs: number,
): void {
  const { learning } = counter;
  const facts = learning && paceOf(counter, opensAtServerMs);
  if (facts !== undefined) counter.bucket = newBucket(facts);
  const { bucket } = counter;
  if (bucket !== undefined) {
    bucket.remaining = 0;
    bucket.decidedAtServerMs = deniedAtServerMs;
    bucket.resetAtServerMs = Math.max(bucket.resetAtServerMs, opensAtServerMs);
  }
  counter.learning = {
    deniedAtServerMs: Math.max(
      deniedAtServerMs,
      learning?.deniedAtServerMs ?? -Infinity,
    ),
    opensAtServerMs,
    passed: 0,
    firstAtServerMs: Infinity,
  };
}

/** How many pass in what time, where what came since the last 429 tells. */
function paceOf(
  { learning }: Counter,
  opensAtServerMs: number,
): HashFacts | undefined {
  if (learning === undefined || learning.passed === 0) return undefined;
  const { passed, firstAtServerMs } = learning;
  const idleMs = firstAtServerMs - learning.opensAtServerMs;
  const spanMs = opensAtServerMs - learning.opensAtServerMs;
  if (idleMs > spanMs * IDLE_SHARE) return undefined;
  return {
    hash: "",
    limit: passed,
    kind: "fixed",
    intervalMs: undefined,
    // From one opening to the next: a sliding one counts from there, not from what passed first.
    windowMs: spanMs,
    isWindowExact: true,
    probeUntilMs: -Infinity,
    burst: Infinity,
    spread: "separate",
  };
}
