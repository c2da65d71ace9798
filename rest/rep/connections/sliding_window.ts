/** Counts the events of the last `windowMs`, up to `max`. */
export class SlidingWindow {
  readonly #max: number;
  readonly #windowMs: number;
  #atMs: number[] = [];
  #head = 0;

  constructor(max: number, windowMs: number) {
    this.#max = max;
    this.#windowMs = windowMs;
  }

  /** Counts an event; true if it is one more than `max` within the window. */
  isExceededAt(nowMs: number): boolean {
    while (
      this.#head < this.#atMs.length &&
      (this.#atMs[this.#head] ?? 0) <= nowMs - this.#windowMs
    ) this.#head++;
    if (this.#head * 2 > this.#atMs.length) {
      this.#atMs = this.#atMs.slice(this.#head);
      this.#head = 0;
    }
    if (this.#atMs.length - this.#head >= this.#max) return true;
    this.#atMs.push(nowMs);
    return false;
  }
}
