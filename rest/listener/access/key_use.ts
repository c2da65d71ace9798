import type { KeyRights } from "../../domain/access.ts";
import { KEYLESS } from "../../domain/caller.ts";
import { Refusal } from "../../domain/refusal.ts";

const SECOND_MS = 1_000;

/** A place becomes free with any answer, so the caller may soon ask again. */
const PLACE_RETRY_MS = 1_000;

/** How many requests one key has without an answer, and how much of its rate it has used. */
export class KeyUse {
  /** As a refusal says it. */
  readonly #whose: string;
  #places = 0;
  /** When the whole rate is available again. */
  #wholeAtMs = 0;

  constructor(name: string) {
    this.#whose = name === KEYLESS ? "callers without a key" : `key ${name}`;
  }

  /** Takes a place or refuses; calling the result gives the place back. */
  enter({ rate, concurrency }: KeyRights, nowMs: number): () => void {
    const lateMs = rate === undefined ? 0 : this.#lateMs(rate, nowMs);
    if (lateMs > 0) {
      throw new Refusal(
        "overloaded",
        `Cannot take the request: ${this.#whose} may send ${rate} a second`,
        { retryAfterMs: lateMs },
      );
    }
    if (concurrency !== undefined && this.#places >= concurrency) {
      throw new Refusal(
        "overloaded",
        `Cannot take the request: ${this.#whose} may have ${concurrency} without an answer`,
        { retryAfterMs: PLACE_RETRY_MS },
      );
    }
    this.#places++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#places--;
    };
  }

  /** Counts one request against the rate. */
  spend({ rate }: KeyRights, nowMs: number): void {
    if (rate === undefined) return;
    this.#wholeAtMs = Math.max(this.#wholeAtMs, nowMs) + SECOND_MS / rate;
  }

  /** How long until one more request fits: a second's worth may go at once and is refilled evenly. */
  #lateMs(rate: number, nowMs: number): number {
    const spentMs = Math.max(0, this.#wholeAtMs - nowMs) + SECOND_MS / rate;
    const lateMs = spentMs - SECOND_MS;
    // Rounding errors are no reason to refuse.
    return lateMs < 1e-6 ? 0 : lateMs;
  }
}
