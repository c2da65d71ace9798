/**
 * Longer secrets are neither remembered nor looked for: comparing a header of
 * 64 KiB with each of a hundred keys would take 20 ms.
 */
const REMEMBERED_CHARS_MAX = 1_024;

/**
 * Secrets that have been verified once. Callers send the same few again and
 * again, and computing their digest each time would take a twentieth of a
 * request's whole work.
 */
export class ProvenSecrets<T> {
  readonly #known: { readonly text: string; readonly value: T }[] = [];

  /** The value of a verified secret; undefined where it has not been verified. */
  find(presented: string): T | undefined {
    if (presented.length > REMEMBERED_CHARS_MAX) return undefined;
    let found: T | undefined;
    // Always compare all of them: stopping early would tell which one came close.
    for (const { text, value } of this.#known) {
      if (isSameText(presented, text)) found = value;
    }
    return found;
  }

  /** Remembers a verified secret. There are at most as many as keys or bots. */
  add(text: string, value: T): void {
    if (text.length > REMEMBERED_CHARS_MAX) return;
    this.#known.push({ text, value });
  }
}

/** Whether two texts are equal. The time depends on `presented` alone and tells nothing of `known`. */
export function isSameText(presented: string, known: string): boolean {
  let difference = presented.length ^ known.length;
  const knownLength = Math.max(1, known.length);
  for (let at = 0; at < presented.length; at++) {
    difference |= presented.charCodeAt(at) ^ known.charCodeAt(at % knownLength);
  }
  return difference === 0;
}
