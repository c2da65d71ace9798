import {
  type HeaderList,
  HOP_BY_HOP,
  namedByConnection,
  PROXY_PREFIX,
} from "./headers.ts";

/**
 * Request headers that end here. Everything not named below crosses, so that
 * what Discord invents tomorrow needs no release of ours.
 */
const STAYS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  // Answered by whoever reads the request from the connection.
  "expect",
  // The upstream client writes its own.
  "host",
  "content-length",
  // Whose request it is travels as the identity, never as a copied header.
  "authorization",
  // Discord sets cookies for browsers; one caller's must not reach another.
  "cookie",
  "cookie2",
  // A bot that looks like a browser is blocked (403, code 40333).
  "origin",
  "referer",
  // Discord would read them as facts about the proxy's own address.
  "forwarded",
  "via",
  "x-real-ip",
  // Meant for this proxy.
  "priority",
  "prefer",
  "idempotency-key",
  "bot_id",
  // The user client's telemetry: wrong on a bot's request.
  "x-super-properties",
  "x-fingerprint",
  "x-debug-options",
]);

/** As `STAYS`, for whole families. */
const STAYS_PREFIX = new RegExp(
  `^(?:${PROXY_PREFIX}|sec-|x-forwarded-|x-rest-)`,
);

/** Whether a request header of this name, in lower case, may go upstream. */
export function mayCross(name: string): boolean {
  return !STAYS.has(name) && !STAYS_PREFIX.test(name);
}

/**
 * Picks the request headers that go upstream, values untouched.
 *
 * A caller may also name headers that are only for the connection in
 * `Connection`; those stay too, as RFC 9110 wants of every intermediary.
 */
export function crossingHeaders(
  fields: Iterable<readonly [name: string, value: string]>,
): HeaderList {
  const crossing: Array<readonly [string, string]> = [];
  let listed = "";
  for (const [spelling, value] of fields) {
    const name = spelling.toLowerCase();
    if (name === "connection") listed += `,${value}`;
    if (mayCross(name)) crossing.push([name, value]);
  }
  // "keep-alive" and "close" are what nearly every client says: no name to look for.
  if (listed === "" || listed === ",keep-alive" || listed === ",close") {
    return crossing;
  }
  const named = namedByConnection(listed);
  return crossing.filter(([name]) => !named.has(name));
}
