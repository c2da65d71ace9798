const WINDOW_MS = 600_000;
/** Counted per second: 600 numbers instead of up to 10,000 moments. */
const SLOT_MS = 1_000;
const SLOTS = WINDOW_MS / SLOT_MS;

/** How often something happened within the last ten minutes. */
export class SlidingCount {
  readonly #slots = new Float64Array(SLOTS + 1);
  #slot = 0;
  #count = 0;

  count(nowMs: number): number {
    this.#advanceTo(nowMs);
    return this.#count;
  }

  note(nowMs: number): void {
    this.#advanceTo(nowMs);
    this.#add(this.#slot, 1);
  }

  /** Counts what happened before now, where it still counts. */
  noteFormer(atMs: number, count: number, nowMs: number): void {
    this.#advanceTo(nowMs);
    const slot = Math.min(slotOf(atMs), this.#slot);
    if (slot >= 0 && this.#slot - slot <= SLOTS) this.#add(slot, count);
  }

  /** Moments, each the beginning of a second, and how often it happened in them. */
  *moments(nowMs: number): Iterable<readonly [atMs: number, count: number]> {
    this.#advanceTo(nowMs);
    if (this.#count === 0) return;
    for (let age = Math.min(SLOTS, this.#slot); age >= 0; age--) {
      const slot = this.#slot - age;
      const count = this.#slots[slot % this.#slots.length] ?? 0;
      if (count > 0) yield [slot * SLOT_MS - WINDOW_MS, count];
    }
  }

  /** When the oldest that count leave the window: the soonest anything changes. */
  easesAtMs(nowMs: number): number {
    this.#advanceTo(nowMs);
    for (let age = SLOTS; age >= 0; age--) {
      const slot = this.#slot - age;
      if (slot < 0) continue;
      if ((this.#slots[slot % this.#slots.length] ?? 0) > 0) {
        return (slot + 1) * SLOT_MS;
      }
    }
    return nowMs;
  }

  /** Moves to the slot of `nowMs`, emptying those that fell out of the window. */
  #advanceTo(nowMs: number): void {
    const slot = slotOf(nowMs);
    const steps = Math.min(slot - this.#slot, this.#slots.length);
    for (let step = 1; step <= steps; step++) {
      const index = (slot - steps + step) % this.#slots.length;
      this.#count -= this.#slots[index] ?? 0;
      this.#slots[index] = 0;
    }
    if (slot > this.#slot) this.#slot = slot;
  }

  #add(slot: number, count: number): void {
    const index = slot % this.#slots.length;
    this.#slots[index] = (this.#slots[index] ?? 0) + count;
    this.#count += count;
  }
}

/** The window before the start of the process has slots, too. */
function slotOf(atMs: number): number {
  return Math.floor((atMs + WINDOW_MS) / SLOT_MS);
}
