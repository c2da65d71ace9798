/** 36^9 ms are 3,200 years since 1970, 36^8 requests some 3,000 years of a thousand a second. */
const EPOCH_LENGTH = 9;
const COUNTER_LENGTH = 8;

/**
 * Names an entry so that names sort as text in the order of acceptance, across
 * restarts, too: `epoch` grows with every start (ms since 1970, or later than
 * the last one), `counter` with every request of it.
 */
export function entryIdOf(epoch: number, counter: number): string {
  return `${padded(epoch, EPOCH_LENGTH)}-${padded(counter, COUNTER_LENGTH)}`;
}

function padded(value: number, length: number): string {
  return Math.floor(value).toString(36).padStart(length, "0");
}
