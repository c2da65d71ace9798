/** How many things happened in the last period, exactly: one entry each. */
export class SlidingLog {
  #times: number[] = [];
  #head = 0;

  add(nowMs: number): void {
    this.#times.push(nowMs);
  }

  /** Entries younger than `periodMs` at `nowMs`; older ones are forgotten. */
  count(nowMs: number, periodMs: number): number {
    while (
      this.#head < this.#times.length &&
      (this.#times[this.#head] ?? 0) <= nowMs - periodMs
    ) this.#head++;
    // Compacted in bulk, so that a burst of expiries costs one copy.
    if (this.#head > 1024 && this.#head * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
    return this.#times.length - this.#head;
  }

  /** When the entry `back` places before the newest was made (1 = newest). */
  timeOf(back: number): number | undefined {
    const index = this.#times.length - back;
    return index < this.#head ? undefined : this.#times[index];
  }

  clear(): void {
    this.#times = [];
    this.#head = 0;
  }
}
