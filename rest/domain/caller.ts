/** The key name of callers that were admitted without a key; no key may have it. */
export const KEYLESS = "keyless";

/**
 * The part of what all callers share that those without a key may hold
 * together: enough for a bot that answers interactions with files, and never
 * what those with a key need.
 */
export const KEYLESS_SHARE = 1 / 4;

const KEYLESS_BY_ADDRESS = `${KEYLESS}@`;
const KEYLESS_BY_NAME = `${KEYLESS}/`;

/** Whether a caller was admitted without a key. */
export function isKeyless(caller: string): boolean {
  return caller.startsWith(KEYLESS_BY_ADDRESS) ||
    caller.startsWith(KEYLESS_BY_NAME);
}

/**
 * The key's name at the beginning of a caller's name, before `/` or `@`. Whatever
 * one key may use up is counted under it.
 */
export function keyNameOf(caller: string): string {
  const end = caller.search(/[/@]/);
  return end < 0 ? caller : caller.slice(0, end);
}

/** The client's own name, behind `/`; undefined where it gave none. */
export function clientNameOf(caller: string): string | undefined {
  const end = caller.search(/[/@]/);
  return caller[end] === "/" ? caller.slice(end + 1) : undefined;
}
