/** Everything about the scheduler that an operator or a test may choose. */
export interface SchedulerOptions {
  /** Longest a request may wait before it is refused (or Discord's 429 handed back). */
  readonly maxWaitMs: number;
  /** Global limit of an identity, per second. */
  readonly globalLimitOf: (identityId: string) => number;
  /** Invalid requests per 10 minutes at which nothing is sent any more. */
  readonly invalidCeiling: number;
  /** Several keys send: each has a share of that ceiling, and of `waitingMax` and `bytesMax`. */
  readonly isInvalidShared: boolean;
  /**
   * Waiting requests in all; memory is what it bounds. Where several keys send,
   * one may hold four times what is left free: four fifths, if it alone floods.
   */
  readonly waitingMax: number;
  /**
   * Waiting requests of one line: a line of 5 per 5 s works off 240 in the
   * longest wait. From there on a caller is refused that holds its share, this
   * divided by the callers who wait there; others may still come.
   */
  readonly lineWaitingMax: number;
  /** Body bytes of all waiting requests, shared by keys in the same way. */
  readonly bytesMax: number;
  /** Lines (buckets) kept; idle ones are forgotten after `lineIdleMs`, sooner where the table fills up. */
  readonly linesMax: number;
  readonly lineIdleMs: number;
  /** When the process started, on the clock of every `nowMs`; `performance.now()` counts from there. */
  readonly startedAtMs: number;
}

/** What a stock proxy runs with, and tests start from. */
export const SCHEDULER_DEFAULTS: SchedulerOptions = {
  maxWaitMs: 240_000,
  globalLimitOf: () => 50,
  invalidCeiling: 9_000,
  isInvalidShared: false,
  waitingMax: 100_000,
  lineWaitingMax: 10_000,
  bytesMax: 512 * 1024 * 1024,
  linesMax: 50_000,
  lineIdleMs: 60_000,
  startedAtMs: 0,
};
