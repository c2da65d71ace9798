/** Bucket bounds grow by a fifth each, from 1 ms to a quarter of an hour: a percentile is right within that. */
const BOUNDS_PER_DOUBLING = 4;
const BUCKETS = 80;

interface Slot {
  /** Which stretch of time it counts, numbered from the clock's start. */
  number: number;
  readonly counts: Uint32Array;
}

/** Durations of the last few stretches of time, well enough for percentiles; its size never grows. */
export class RecentDurations {
  readonly #slotMs: number;
  readonly #slots: readonly Slot[];

  constructor(slotMs: number, slots: number) {
    this.#slotMs = slotMs;
    this.#slots = Array.from({ length: slots }, () => ({
      number: -1,
      counts: new Uint32Array(BUCKETS),
    }));
  }

  add(durationMs: number, nowMs: number): void {
    const { counts } = this.#slotAt(nowMs);
    const bucket = bucketOf(durationMs);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  /** The duration that `share` of them stay within, in ms; undefined where there was none. */
  percentile(share: number, nowMs: number): number | undefined {
    const newest = Math.floor(nowMs / this.#slotMs);
    const sums = new Uint32Array(BUCKETS);
    let total = 0;
    for (const { number, counts } of this.#slots) {
      if (number <= newest - this.#slots.length) continue;
      for (let at = 0; at < BUCKETS; at++) {
        const count = counts[at] ?? 0;
        sums[at] = (sums[at] ?? 0) + count;
        total += count;
      }
    }
    if (total === 0) return undefined;
    let left = total * share;
    for (let at = 0; at < BUCKETS; at++) {
      left -= sums[at] ?? 0;
      if (left <= 0) return boundOf(at);
    }
    return boundOf(BUCKETS - 1);
  }

  #slotAt(nowMs: number): Slot {
    const number = Math.floor(nowMs / this.#slotMs);
    const slot = this.#slots[number % this.#slots.length] as Slot;
    if (slot.number !== number) {
      slot.number = number;
      slot.counts.fill(0);
    }
    return slot;
  }
}

function bucketOf(durationMs: number): number {
  if (durationMs <= 1) return 0;
  const at = Math.ceil(Math.log2(durationMs) * BOUNDS_PER_DOUBLING);
  return Math.min(at, BUCKETS - 1);
}

function boundOf(bucket: number): number {
  return bucket === 0 ? 1 : 2 ** (bucket / BOUNDS_PER_DOUBLING);
}
