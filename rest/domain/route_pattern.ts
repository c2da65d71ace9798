import type { RoutePattern } from "./access.ts";
import { METHODS } from "./request.ts";

const PATTERN = /^(\S+) (\/\S*)$/;
/** A prefix of the proxy's own, or a version: patterns have neither, since a path means the same with or without. */
const PREFIXED = /^\/(?:api|v[0-9]+)(?:\/|$)/;
/** One that stands for any: `*`, or the name Discord's documents give it, as in `{channel_id}`. */
const ANY_SEGMENT = /^(?:\*|\{[a-z_.]+\})$/;
/** What stands in a path as it is (RFC 3986), but for the star. */
const LITERAL_SEGMENT = /^[A-Za-z0-9@._~!$&'()+,;=:%-]+$/;

/** Reads `GET /guilds/{guild_id}/**`; undefined when it cannot be a pattern. */
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
 * Whether a request falls under one of the patterns. Its path is compared as it
 * is spelt: another spelling of an allowed path is refused, never the reverse.
 */
export function isWithinRoutes(
  patterns: readonly RoutePattern[],
  method: string,
  path: string,
): boolean {
  const segments = path.slice(1).split("/");
  // A slash at the end names nothing.
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
