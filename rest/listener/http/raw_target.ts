const SCHEMES = ["http://", "https://"] as const;

/**
 * The path and query of a request target as it stood on the wire, or undefined
 * where there is none, or where the request names two hosts: an absolute form
 * or HTTP/2's `:authority` that is not what `Host` says.
 *
 * Never `new URL(…)`: that would resolve the very dot segments, backslashes
 * and escapes that have to be seen.
 */
export function rawTargetOf(
  target: string,
  authority: string | undefined,
  host: string | null,
): string | undefined {
  if (target.startsWith("/")) {
    return isSameHost(authority, host) ? target : undefined;
  }
  const scheme = SCHEMES.find((scheme) => target.startsWith(scheme));
  const pathAt = scheme === undefined ? -1 : target.indexOf("/", scheme.length);
  if (scheme === undefined || pathAt < 0) return undefined;
  return isSameHost(target.slice(scheme.length, pathAt), host)
    ? target.slice(pathAt)
    : undefined;
}

/** HTTP/2 and HTTP/1.0 callers may send no Host: nothing to disagree with. */
function isSameHost(authority: string | undefined, host: string | null) {
  if (authority === undefined || host === null || authority === host) {
    return true;
  }
  return authority.toLowerCase() === host.toLowerCase();
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
