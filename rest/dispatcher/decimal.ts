/** Fifteen digits are what a double holds exactly; a longer number is nonsense here. */
const DECIMAL = /^\d{1,15}(?:\.\d+)?$/;

/** Reads a header's number; "", "abc", "-1" and dates are as good as no header. */
export function decimalOf(text: string | undefined): number | undefined {
  return text !== undefined && DECIMAL.test(text) ? Number(text) : undefined;
}

/** Seconds of Discord's in milliseconds, without the crumbs of binary fractions: 64.57 s are 64,570 ms. */
export function msOf(seconds: number): number {
  return Math.round(seconds * 1_000_000) / 1_000;
}
