/** 36^9 ms are 3,200 years since 1970, 36^8 requests some 3,000 years of a thousand a second. */
const EPOCH_LENGTH = 9;
const COUNTER_LENGTH = 8;
const COUNTERS = 36 ** COUNTER_LENGTH;

/**
 * Names an entry so that names sort as text in the order of acceptance, across
 * restarts, too: `epoch` grows with every start (ms since 1970, or later than
 * the last one), `counter` with every request of it.
 */
export function entryIdOf(epoch: number, counter: number): string {
  return `${padded(epoch, EPOCH_LENGTH)}-${padded(counter, COUNTER_LENGTH)}`;
}

/**
 * Draws what a proxy counts its requests from. Two proxies may gain scopes in the
 * same millisecond, and so by the same epoch: from far apart they name no two
 * requests alike, whoever takes both over. `random` gives numbers in [0, 1).
 */
export function drawFirstCounter(random: () => number): number {
  return Math.floor(random() * COUNTERS / 2);
}

function padded(value: number, length: number): string {
  return Math.floor(value).toString(36).padStart(length, "0");
}
