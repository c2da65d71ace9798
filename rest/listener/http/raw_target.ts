/** What the runtime makes of any target; `http+unix` is its word for a Unix socket. */
const ABSOLUTE = /^(?:https?|http\+unix):\/\/([^/]*)(\/.*)$/s;

/**
 * The request target as it stood on the wire (path and query), or undefined
 * for an absolute form that names another host than `Host` does.
 *
 * Never `new URL(…)`: that would resolve the very dot segments, backslashes
 * and escapes that have to be seen.
 */
export function rawTargetOf(
  url: string,
  host: string | null,
): string | undefined {
  const [, authority, target] = ABSOLUTE.exec(url) ?? [];
  if (target === undefined || authority === undefined) return undefined;
  // HTTP/2 and HTTP/1.0 callers may send no Host: nothing to disagree with.
  if (host === null) return target;
  const isSame = authority === host ||
    authority.toLowerCase() === host.toLowerCase();
  return isSame ? target : undefined;
}

/** A target whose key in the path has been taken off. */
export interface KeyedTarget {
  readonly pathKey: string | undefined;
  readonly target: string;
}

const KEY_PATH = /^\/key\/([^/?]*)(.*)$/s;

/** Takes `/key/<key>` off a target, so that nothing behind it ever sees the key. */
export function splitPathKey(raw: string): KeyedTarget {
  const [, spelling, rest] = KEY_PATH.exec(raw) ?? [];
  if (spelling === undefined || rest === undefined) {
    return { pathKey: undefined, target: raw };
  }
  return { pathKey: decoded(spelling), target: rest };
}

function decoded(spelling: string): string {
  try {
    return decodeURIComponent(spelling);
  } catch {
    return spelling; // Not an encoding: then it is the key itself or none.
  }
}
