/**
 * Counts invalid requests: Discord blocks an address for an hour or more after
 * 10,000 answers of 401, 403 or 429 (shared ones apart) in 10 minutes
 * (Discord docs, "Invalid Request Limit"). Whether its window slides is not
 * documented; ours does, which is right for both.
 */

const WINDOW_MS = 600_000;
/** Answers are counted per second: 600 numbers instead of up to 10,000 moments. */
const SLOT_MS = 1_000;
const SLOTS = WINDOW_MS / SLOT_MS;
/** From this share of the ceiling on, only routes that have not been failing go out. */
const NEAR_SHARE = 0.8;
/** Failing routes remembered; one route fails for many reasons, a bot has a few hundred routes. */
const FAILING_MAX = 4_096;

export class InvalidBudget {
  readonly ceiling: number;
  readonly #slots = new Float64Array(SLOTS + 1);
  readonly #failing = new Map<string, number>();
  #slot = 0;
  #count = 0;

  constructor(ceiling: number) {
    this.ceiling = ceiling;
  }

  count(nowMs: number): number {
    this.#turnTo(nowMs);
    return this.#count;
  }

  note(routeKey: string, nowMs: number): void {
    this.#turnTo(nowMs);
    this.#slots[this.#slot % this.#slots.length] = this.#current + 1;
    this.#count++;
    this.#failing.delete(routeKey);
    this.#failing.set(routeKey, nowMs);
    if (this.#failing.size > FAILING_MAX) this.#forgetOldest();
  }

  /** Whether a request of this route may be sent. */
  allows(routeKey: string, nowMs: number): boolean {
    const count = this.count(nowMs);
    if (count < this.ceiling * NEAR_SHARE) return true;
    if (count >= this.ceiling) return false;
    return !this.#isFailing(routeKey, nowMs);
  }

  isNear(nowMs: number): boolean {
    return this.count(nowMs) >= this.ceiling * NEAR_SHARE;
  }

  /** When the oldest counted answers leave the window: the soonest anything changes. */
  easesAtMs(nowMs: number): number {
    this.#turnTo(nowMs);
    for (let age = SLOTS; age >= 0; age--) {
      const slot = this.#slot - age;
      if (slot < 0) continue;
      if ((this.#slots[slot % this.#slots.length] ?? 0) > 0) {
        return (slot + 1) * SLOT_MS + WINDOW_MS;
      }
    }
    return nowMs;
  }

  get #current(): number {
    return this.#slots[this.#slot % this.#slots.length] ?? 0;
  }

  #isFailing(routeKey: string, nowMs: number): boolean {
    const lastMs = this.#failing.get(routeKey);
    return lastMs !== undefined && nowMs - lastMs < WINDOW_MS;
  }

  #forgetOldest(): void {
    for (const oldest of this.#failing.keys()) {
      this.#failing.delete(oldest);
      return;
    }
  }

  /** Moves to the slot of `nowMs`, emptying those that fell out of the window. */
  #turnTo(nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS);
    const steps = Math.min(slot - this.#slot, this.#slots.length);
    for (let step = 1; step <= steps; step++) {
      const index = (slot - steps + step) % this.#slots.length;
      this.#count -= this.#slots[index] ?? 0;
      this.#slots[index] = 0;
    }
    if (slot > this.#slot) this.#slot = slot;
  }
}
