import { METHODS } from "./request.ts";

/** A method and a path in which some segments stand for any. */
export interface RoutePattern {
  /** Undefined: every method. */
  readonly method: string | undefined;
  /** Segments after the first slash; undefined stands for any one. */
  readonly segments: ReadonlyArray<string | undefined>;
  /** Whatever follows the segments is meant too. */
  readonly isOpenEnded: boolean;
}

const PATTERN = /^(\S+) (\/\S*)$/;
/** Patterns have no prefix and no version, since a path means the same without them. */
const PREFIXED = /^\/(?:api|v[0-9]+)(?:\/|$)/;
/** Matches any segment: `*`, or a parameter as in Discord's documents (`{channel_id}`). */
const ANY_SEGMENT = /^(?:\*|\{[a-z_.]+\})$/;
/** Characters of a path segment (RFC 3986), without the star. */
const LITERAL_SEGMENT = /^[A-Za-z0-9@._~!$&'()+,;=:%-]+$/;

/** Reads a pattern such as `GET /guilds/{guild_id}/**`; undefined if it is none. */
export function parseRoutePattern(text: string): RoutePattern | undefined {
  const [, method = "", path = ""] = PATTERN.exec(text) ?? [];
  const isMethod = method === "*" ||
    (METHODS as readonly string[]).includes(method);
  if (!isMethod || PREFIXED.test(path)) return undefined;
  const spelt = path.slice(1).split("/");
  const isOpenEnded = spelt.at(-1) === "**";
  if (isOpenEnded) spelt.pop();
  const isRead = spelt.every((segment) =>
    ANY_SEGMENT.test(segment) || LITERAL_SEGMENT.test(segment)
  );
  if (!isRead) return undefined;
  return {
    method: method === "*" ? undefined : method,
    segments: spelt.map((one) => ANY_SEGMENT.test(one) ? undefined : one),
    isOpenEnded,
  };
}

/**
 * Whether a request matches one of the patterns. Its path is compared as it is
 * spelt: so another spelling of an allowed path is refused, but another spelling
 * of a forbidden path is not allowed.
 */
export function isWithinRoutes(
  patterns: readonly RoutePattern[],
  method: string,
  path: string,
): boolean {
  const segments = path.slice(1).split("/");
  // A slash at the end makes no segment.
  if (segments.at(-1) === "") segments.pop();
  return patterns.some((pattern) =>
    (pattern.method ?? method) === method && fits(pattern, segments)
  );
}

function fits(pattern: RoutePattern, segments: readonly string[]): boolean {
  const { length } = pattern.segments;
  const isLong = pattern.isOpenEnded
    ? segments.length >= length
    : segments.length === length;
  return isLong &&
    pattern.segments.every((wanted, at) =>
      wanted === undefined || wanted === segments[at]
    );
}
