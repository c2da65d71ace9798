import type { Clock } from "../../domain/ports.ts";

/**
 * Slowest upload that is waited for beyond the time every body has: a quarter
 * of a megabit, what a poor mobile line gives. It ends even the longest body.
 */
const BYTES_PER_SECOND_MIN = 32 * 1024;

/** How long a body that is being read is waited for. The time in which we did not read it is not its sender's. */
export class UploadTimeout {
  readonly #clock: Clock;
  readonly #onLate: () => void;
  #leftMs: number;
  /** Undefined while it is paused. */
  #sinceMs: number | undefined;
  #stopClock: () => void = nothing;

  /** Calls `onLate` once the body has had `timeoutMs` and the time that its bytes bought. */
  constructor(clock: Clock, timeoutMs: number, onLate: () => void) {
    this.#clock = clock;
    this.#leftMs = timeoutMs;
    this.#onLate = onLate;
    this.resume();
  }

  /** Bytes that came buy their sender more time. */
  received(bytes: number): void {
    this.#leftMs += bytes * 1_000 / BYTES_PER_SECOND_MIN;
  }

  pause(): void {
    if (this.#sinceMs === undefined) return;
    this.#leftMs -= this.#clock.nowMs() - this.#sinceMs;
    this.#sinceMs = undefined;
    this.#stopClock();
  }

  resume(): void {
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = this.#clock.nowMs();
    this.#wake();
  }

  stop(): void {
    this.#sinceMs = undefined;
    this.#stopClock();
  }

  #wake(): void {
    const sinceMs = this.#sinceMs ?? 0;
    this.#stopClock = this.#clock.wakeAt(sinceMs + this.#leftMs, () => {
      const isEarly = this.#clock.nowMs() < sinceMs + this.#leftMs;
      if (isEarly) this.#wake();
      else this.#onLate();
    });
  }
}

function nothing(): void {}
