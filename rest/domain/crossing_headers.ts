import {
  type HeaderList,
  HOP_BY_HOP,
  namedByConnection,
  PROXY_PREFIX,
} from "./headers.ts";

/**
 * Request headers that are not sent to Discord. All others are, so that a new
 * header of Discord's needs no release of ours.
 */
const STAYS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  // Answered by the server that reads the body.
  "expect",
  // The upstream client writes them itself.
  "host",
  "content-length",
  // It is written from the request's identity, never copied.
  "authorization",
  // Discord sets cookies for browsers; one caller's must not reach another.
  "cookie",
  "cookie2",
  // A bot that looks like a browser is blocked (403, code 40333).
  "origin",
  "referer",
  // Discord would read them as statements about the proxy's address.
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
  // The operator's traces: ids and names of their own systems, nobody else's business.
  "traceparent",
  "tracestate",
  "baggage",
  "b3",
  "sentry-trace",
  "uber-trace-id",
  "x-request-id",
  "x-correlation-id",
  "x-amzn-trace-id",
  "x-cloud-trace-context",
]);

/** As `STAYS`, by prefix; the last two are traces, too. */
const STAYS_PREFIX = new RegExp(
  `^(?:${PROXY_PREFIX}|sec-|x-forwarded-|x-rest-|x-b3-|x-datadog-)`,
);

/** Headers that the proxy writes itself where a request comes as a frame. */
const WRITTEN_FOR_FRAMES = /^(?:content-.*|user-agent|accept-encoding)$/;

/** Whether a request header of this name, in lower case, may go upstream. */
function mayCross(name: string): boolean {
  return !STAYS.has(name) && !STAYS_PREFIX.test(name);
}

/** Whether an operator may allow the frames of REP a header of this name, in lower case. */
export function mayCrossFromFrame(name: string): boolean {
  return mayCross(name) && !WRITTEN_FOR_FRAMES.test(name);
}

/**
 * Picks the request headers that are sent to Discord, values unchanged. Headers
 * that the caller names in `Connection` are not, as RFC 9110 demands of every
 * intermediary.
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
  // Nearly every client says "keep-alive" or "close", which name no header.
  if (listed === "" || listed === ",keep-alive" || listed === ",close") {
    return crossing;
  }
  const named = namedByConnection(listed);
  return crossing.filter(([name]) => !named.has(name));
}
