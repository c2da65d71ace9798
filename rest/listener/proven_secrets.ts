/**
 * Longer ones are not remembered, and nothing longer is looked for: a header of
 * 64 KiB would be held against each of a hundred keys, for 20 ms.
 */
const REMEMBERED_CHARS_MAX = 1_024;

/**
 * Secrets that have proved right once. Callers show the same few again and
 * again, and to take the digest of each anew would cost a twentieth of a
 * request's whole work.
 */
export class ProvenSecrets<T> {
  readonly #known: { readonly text: string; readonly value: T }[] = [];

  /** What `presented` stands for; undefined where it has not proved anything yet. */
  find(presented: string): T | undefined {
    if (presented.length > REMEMBERED_CHARS_MAX) return undefined;
    let found: T | undefined;
    // All of them, always: leaving early would tell which one came close.
    for (const { text, value } of this.#known) {
      if (isSameText(presented, text)) found = value;
    }
    return found;
  }

  /** Remembers a secret; there are as many as there are keys or bots, and no more. */
  add(text: string, value: T): void {
    if (text.length > REMEMBERED_CHARS_MAX) return;
    this.#known.push({ text, value });
  }
}

/** Takes as long as `presented` is, whatever `known` is like: neither its text nor its length shows in the time. */
export function isSameText(presented: string, known: string): boolean {
  let difference = presented.length ^ known.length;
  const knownLength = Math.max(1, known.length);
  for (let at = 0; at < presented.length; at++) {
    difference |= presented.charCodeAt(at) ^ known.charCodeAt(at % knownLength);
  }
  return difference === 0;
}
