import type { Clock } from "../api/clock.ts";
import type { Reply } from "../wire/decode_frame.ts";

/** A server that announced more replies than it sends must not stop everything. */
const OVER_WITHIN_MS = 30_000;

/**
 * Waits for the replies a resumed session brings along (rule B5). Requests that
 * had left are looked at only afterwards: their replies may be among these.
 */
export class Redelivery {
  readonly #over: () => void;
  readonly #cancelTimer: () => void;
  #left: number;

  constructor(clock: Clock, count: number, over: () => void) {
    this.#over = over;
    this.#left = count;
    this.#cancelTimer = clock.afterIdly(OVER_WITHIN_MS, over);
  }

  /** A reply came; one that is not redelivered means that live traffic has begun. */
  saw(reply: Reply): void {
    const isRedelivered = reply.meta["redelivered"] === true;
    this.#left = isRedelivered ? this.#left - 1 : 0;
    if (this.#left > 0) return;
    this.stop();
    this.#over();
  }

  stop(): void {
    this.#cancelTimer();
  }
}
