/** Stands in the place of a key's name for callers that were let in without one; no key may have it. */
export const KEYLESS = "keyless";

/**
 * The part of what all callers share that those without a key may hold
 * together: enough for a bot that answers interactions with files, and never
 * what those with a key need.
 */
export const KEYLESS_SHARE = 1 / 4;

/** Whether a caller was let in without a key. */
export function isKeyless(caller: string): boolean {
  return caller.startsWith(`${KEYLESS}@`) || caller.startsWith(`${KEYLESS}/`);
}

/**
 * The name of the key in a caller's name, which goes on with `/` or `@` and
 * whose it is. Whatever one key may use up is counted under it.
 */
export function keyNameOf(caller: string): string {
  const end = caller.search(/[/@]/);
  return end < 0 ? caller : caller.slice(0, end);
}
