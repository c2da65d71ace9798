import type { Job } from "../job.ts";

/**
 * How long after a second try we may learn that its first caller left. A
 * connection that closes is often told after what comes in on the next one (seen 2026-11 with Node's fetch:
 * two times in three, by up to 0.4 ms); a busy event loop stretches that.
 */
export const LATE_NOTICE_MS = 100;

/**
 * No library gives up within this time. An equal write that came sooner is
 * therefore another request, not a second try: if its bot then dies, both are
 * sent.
 */
export const SHORTEST_TIMEOUT_MS = 100;

/** Newest requests that are looked at: some 50 µs, also when 10,000 callers leave at once. */
const LOOKED_AT_MAX = 1_000;

/**
 * The jobs that could be the second try of one whose leaving was told just
 * now, the newest first. Ids count upwards, so the newest are found by number.
 */
export function* possibleSecondTries(
  first: Job,
  jobs: ReadonlyMap<number, Job>,
  newestId: number,
  nowMs: number,
): Generator<Job> {
  const sinceMs = Math.max(
    first.queuedAtMs + SHORTEST_TIMEOUT_MS,
    nowMs - LATE_NOTICE_MS,
  );
  const oldestId = Math.max(first.id + 1, newestId - LOOKED_AT_MAX + 1);
  for (let id = newestId; id >= oldestId; id--) {
    const job = jobs.get(id);
    if (job === undefined) continue;
    if (job.queuedAtMs < sinceMs) return;
    yield job;
  }
}
