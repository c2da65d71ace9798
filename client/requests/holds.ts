import type { Clock } from "../api/clock.ts";

interface Hold {
  untilMs: number;
  cancel: () => void;
}

/** Which lines wait because the proxy asked them to, and for how long. */
export class Holds {
  readonly #clock: Clock;
  readonly #over: (lineKey: string) => void;
  readonly #byLine = new Map<string, Hold>();

  /** `over` is called when a line may go on. */
  constructor(clock: Clock, over: (lineKey: string) => void) {
    this.#clock = clock;
    this.#over = over;
  }

  /** Makes a line wait; of several waits the one that ends last counts. */
  hold(lineKey: string, waitMs: number): void {
    const untilMs = this.#clock.nowMs() + waitMs;
    const present = this.#byLine.get(lineKey);
    if (present !== undefined && present.untilMs >= untilMs) return;
    present?.cancel();
    const cancel = this.#clock.after(waitMs, () => {
      this.#byLine.delete(lineKey);
      this.#over(lineKey);
    });
    this.#byLine.set(lineKey, { untilMs, cancel });
  }

  stop(): void {
    for (const { cancel } of this.#byLine.values()) cancel();
    this.#byLine.clear();
  }
}
