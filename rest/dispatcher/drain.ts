import type { Clock } from "../domain/ports.ts";

/** The result of a drain. */
export interface DrainReport {
  /** Requests that ended during the drain. */
  readonly finished: number;
  /** Requests that were refused with `sent: false` at its end. */
  readonly waiting: number;
  /** Requests that were cut off with `sent: null`: they were in flight or may have run before. Streaming answers count, too. */
  readonly inFlight: number;
}

/** Waits until the last request has ended or the time is over. */
export class Drain {
  readonly #clock: Clock;
  /** Requests and streaming answers that are still open. */
  readonly #openCount: () => number;
  #isOn = false;
  #finished = 0;
  #end: (() => void) | undefined;

  constructor(clock: Clock, openCount: () => number) {
    this.#clock = clock;
    this.#openCount = openCount;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  get finished(): number {
    return this.#finished;
  }

  async begin(forMs: number): Promise<void> {
    this.#isOn = true;
    if (this.#openCount() === 0 || forMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#end = resolve;
    const callOff = this.#clock.wakeAt(this.#clock.nowMs() + forMs, resolve);
    await promise;
    callOff();
    this.#end = undefined;
  }

  /** A request has ended. */
  noteFinished(): void {
    if (this.#end === undefined) return;
    this.#finished++;
    this.noteProgress();
  }

  /** A request or a stream has ended: checks whether anything is open. */
  noteProgress(): void {
    if (this.#openCount() === 0) this.#end?.();
  }
}
