import { SlidingLog } from "./sliding_log.ts";

/**
 * Where a window of the global limit begins: with the first request after the
 * last one ended, on whole periods of the server's clock, or everywhere at
 * once. Discord has not said which it is.
 */
export type WindowKind = "fixed_first" | "fixed_clock" | "sliding";

/** The global limit of one identity or one address. */
export interface GlobalNumbers {
  readonly limit: number;
  readonly periodMs: number;
  readonly window: WindowKind;
}

/** Counts one identity's requests across all routes. */
export class GlobalCounter {
  #log = new SlidingLog();
  #windowAtMs = -Infinity;
  #used = 0;

  /** Time until a request would pass at `nowMs`; 0 when it would now. */
  waitMs(numbers: GlobalNumbers, nowMs: number, offsetMs: number): number {
    const { limit, periodMs } = numbers;
    if (numbers.window === "sliding") {
      if (this.#log.count(nowMs, periodMs) < limit) return 0;
      return (this.#log.timeOf(limit) ?? nowMs) + periodMs - nowMs;
    }
    this.#turn(numbers, nowMs, offsetMs);
    return this.#used < limit ? 0 : this.#windowAtMs + periodMs - nowMs;
  }

  /** Counts a request that arrived at `nowMs`. */
  take(numbers: GlobalNumbers, nowMs: number, offsetMs: number): void {
    if (numbers.window === "sliding") {
      this.#log.add(nowMs);
      return;
    }
    this.#turn(numbers, nowMs, offsetMs);
    this.#used++;
  }

  #turn(numbers: GlobalNumbers, nowMs: number, offsetMs: number): void {
    const { periodMs, window } = numbers;
    if (nowMs < this.#windowAtMs + periodMs) return;
    const clockMs = nowMs + offsetMs;
    this.#windowAtMs = window === "fixed_clock"
      ? Math.floor(clockMs / periodMs) * periodMs - offsetMs
      : nowMs;
    this.#used = 0;
  }
}
