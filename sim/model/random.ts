/** A number in [0, 1), always the same sequence for the same seed. */
export type Random = () => number;

/** Mulberry32: 32 bits of state, plenty for faults and latencies, and easy to replay. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A span to draw from, evenly. */
export interface Range {
  readonly minMs: number;
  readonly maxMs: number;
}

/** One draw from a span. */
export function drawMs(random: Random, { minMs, maxMs }: Range): number {
  return maxMs <= minMs ? minMs : minMs + random() * (maxMs - minMs);
}
