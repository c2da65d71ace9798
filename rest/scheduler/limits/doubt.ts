import type { HashFacts } from "./bucket_registry.ts";

/** What is empty for no longer than this is waited for rather than asked: nobody minds five seconds after a crash. */
export const EMPTY_MAX_MS = 5_000;

/** What another process may have used of a bucket that nobody has told of. */
export interface BucketDoubt {
  readonly emptyUntilServerMs: number;
  /** One request goes first. */
  readonly probeUntilMs: number;
}

/** When another process may have sent its last request for an identity, on both clocks. */
export interface FormerEnd {
  readonly endedAtMs: number;
  readonly endedAtServerMs: number;
}

/** What may have been used of any bucket of a hash. */
export function doubtOf(
  { kind, limit, intervalMs, windowMs }: HashFacts,
  { endedAtMs, endedAtServerMs }: FormerEnd,
): BucketDoubt {
  const isSliding = kind === "sliding" && intervalMs !== undefined;
  const fullMs = isSliding ? limit * intervalMs : windowMs;
  const emptyMs = isSliding ? intervalMs : windowMs;
  return {
    probeUntilMs: endedAtMs + fullMs,
    emptyUntilServerMs: emptyMs > EMPTY_MAX_MS
      ? -Infinity
      : endedAtServerMs + emptyMs,
  };
}
