/** Discord has some 250 routes; this many leaves room for unknown ones and bounds what callers can make us keep. */
const TEXTS_MAX = 2_000;

const texts = new Map<string, string>();

/**
 * Gives equal texts as one and the same string, so that 100,000 waiting
 * requests of one route hold its name once.
 */
export function intern(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  // Starting over is simpler than choosing, and costs a few microseconds.
  if (texts.size >= TEXTS_MAX) texts.clear();
  texts.set(text, text);
  return text;
}
