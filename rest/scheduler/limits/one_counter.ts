import type { BucketReport } from "../../domain/limit_report.ts";
import type { HashFacts } from "./bucket_registry.ts";

/** Resets this close together are one: fixed windows are reported with some noise. */
const SAME_RESET_MS = 50;

/**
 * Whether two answers of different lines can tell of one and the same counter.
 * Under a fixed window the later one shows the same `Reset` and fewer tokens;
 * under a sliding one it shows a `Reset` that is an interval on for each
 * request between. Anything else means two counters.
 */
export function isOneCounter(
  one: BucketReport,
  other: BucketReport,
  { kind }: HashFacts,
): boolean {
  const isInOrder = decidedAtMs(one) <= decidedAtMs(other);
  const earlier = isInOrder ? one : other;
  const later = isInOrder ? other : one;
  // A window that was over by then tells nothing of the next.
  if (earlier.resetAtServerMs <= decidedAtMs(later)) return true;
  const movedMs = later.resetAtServerMs - earlier.resetAtServerMs;
  const isFixed = Math.abs(movedMs) <= SAME_RESET_MS &&
    (later.remaining < earlier.remaining ||
      // Answers decided within one millisecond come in either order.
      (decidedAtMs(one) === decidedAtMs(other) &&
        later.remaining !== earlier.remaining));
  const isSliding = movedMs >= leastIntervalMs(earlier) / 2 ||
    (decidedAtMs(one) === decidedAtMs(other) &&
      -movedMs >= leastIntervalMs(later) / 2);
  return (isFixed && kind !== "sliding") || (isSliding && kind !== "fixed");
}

/** No less than this is the time of one token: `Reset-After` is at most that many of them. */
function leastIntervalMs(
  { limit, remaining, resetAfterMs }: BucketReport,
): number {
  return resetAfterMs / Math.max(1, limit - remaining);
}

function decidedAtMs({ resetAtServerMs, resetAfterMs }: BucketReport): number {
  return resetAtServerMs - resetAfterMs;
}
