import type { Clock } from "../../domain/ports.ts";

/**
 * Slowest upload that is waited for beyond the time every body has: a quarter
 * of a megabit, what a poor mobile line gives. It ends even the longest body.
 */
const BYTES_PER_SECOND_MIN = 32 * 1024;

/** How long a body that is being read is waited for. */
export interface Patience {
  /** Bytes that came buy their sender more time. */
  received(bytes: number): void;
  stop(): void;
}

/** Calls `onLate` once the body has had `timeoutMs` and the time its bytes bought. */
export function startPatience(
  clock: Clock,
  timeoutMs: number,
  onLate: () => void,
): Patience {
  let untilMs = clock.nowMs() + timeoutMs;
  let stopClock = clock.wakeAt(untilMs, check);

  function check(): void {
    if (clock.nowMs() >= untilMs) return onLate();
    stopClock = clock.wakeAt(untilMs, check);
  }

  return {
    received(bytes) {
      untilMs += bytes * 1_000 / BYTES_PER_SECOND_MIN;
    },
    stop: () => stopClock(),
  };
}
