/** What the runtime makes of any target begins so; `http+unix` is its word for a Unix socket. */
const SCHEMES = ["http://", "https://", "http+unix://"] as const;

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
  const scheme = SCHEMES.find((scheme) => url.startsWith(scheme));
  const pathAt = scheme === undefined ? -1 : url.indexOf("/", scheme.length);
  if (scheme === undefined || pathAt < 0) return undefined;
  const authority = url.slice(scheme.length, pathAt);
  const target = url.slice(pathAt);
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
