/**
 * Watches how late this process's own timers are: a machine that stands still
 * for a second says nothing about who was late on it.
 */
export class Stall {
  #lateMs = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    let lastMs = performance.now();
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      this.#lateMs = Math.max(this.#lateMs, nowMs - lastMs - EVERY_MS);
      lastMs = nowMs;
    }, EVERY_MS);
  }

  /** Time that the machine took, several times over: other processes stood still as well, one after the other. */
  get allowanceMs(): number {
    return 5 * this.#lateMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

const EVERY_MS = 20;
