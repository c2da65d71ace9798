import type { Clock } from "../domain/ports.ts";

/** Often enough to meet a block of a tenth of a second, too seldom to be felt. */
const EVERY_MS = 100;
/** How long a lag is told: as long as Prometheus usually waits between two looks. */
const TOLD_MS = 15_000;

/**
 * How late the event loop is, by a timer of our own: the runtime's own gauge
 * shows a block of 200 ms as 9.6 ms (seen 2026-11, Deno 2.9.6).
 */
export class LoopLag {
  readonly #clock: Clock;
  #late: { readonly atMs: number; readonly lagMs: number }[] = [];
  #callOff: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins to look; again and again is once. */
  start(): void {
    if (this.#callOff === undefined) this.#look();
  }

  stop(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }

  /** The longest lag of the last quarter of a minute. */
  longestMs(): number {
    this.#forget();
    return this.#late.reduce((most, { lagMs }) => Math.max(most, lagMs), 0);
  }

  #look(): void {
    const dueAtMs = this.#clock.nowMs() + EVERY_MS;
    this.#callOff = this.#clock.wakeAt(dueAtMs, () => {
      const atMs = this.#clock.nowMs();
      this.#late.push({ atMs, lagMs: Math.max(0, atMs - dueAtMs) });
      this.#forget();
      this.#look();
    });
  }

  #forget(): void {
    const oldestMs = this.#clock.nowMs() - TOLD_MS;
    while ((this.#late[0]?.atMs ?? oldestMs) < oldestMs) this.#late.shift();
  }
}
