/** Longest integer part that is read; a header with more digits is invalid. */
const WHOLE_DIGITS_MAX = 15;
/** Number of digits that a double holds exactly, so that one division rounds as `Number()` does. */
const EXACT_DIGITS_MAX = 15;

const ZERO = 48;
const NINE = 57;
const DOT = 46;

/**
 * Reads the number of a header; undefined for "", "abc", "-1" and dates. Written
 * by hand, because every answer has five of them and a pattern took three times
 * as long.
 */
export function decimalOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const { length } = text;
  let value = 0;
  let scale = 1;
  let dotAt = length;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT && dotAt === length) dotAt = at;
    else if (code < ZERO || code > NINE) return undefined;
    else {
      value = value * 10 + (code - ZERO);
      if (at > dotAt) scale *= 10;
    }
  }
  const isNumber = dotAt > 0 && dotAt !== length - 1 &&
    dotAt <= WHOLE_DIGITS_MAX;
  if (!isNumber) return undefined;
  return length <= EXACT_DIGITS_MAX ? value / scale : Number(text);
}

/** Converts Discord's seconds to milliseconds without binary rounding errors: 64.57 s are 64,570 ms. */
export function msOf(seconds: number): number {
  return Math.round(seconds * 1_000_000) / 1_000;
}
