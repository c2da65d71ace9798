import type { Clock } from "../domain/ports.ts";

/** What a drain came to. */
export interface DrainReport {
  /** Requests that ended by themselves while it ran. */
  readonly finished: number;
  /** Refused with `sent: false` at its end. */
  readonly waiting: number;
  /** Cut off with `sent: null`: in flight, or waiting to repeat what may have run; streaming answers too. */
  readonly inFlight: number;
}

/** Waits for the last request to end, or for the time to run out. */
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

  /** A request ended. */
  noteFinished(): void {
    if (this.#end === undefined) return;
    this.#finished++;
    this.noteProgress();
  }

  /** Something is no longer open. */
  noteProgress(): void {
    if (this.#openCount() === 0) this.#end?.();
  }
}
