import type { HeaderList } from "../domain/headers.ts";
import { VERSION } from "../domain/version.ts";
import type { HttpAnswer } from "./http/incoming_request.ts";

/**
 * First path segments that belong to the proxy itself. Discord's API has none of
 * them; behind the prefix `/api` they go to Discord.
 */
export const RESERVED_PATHS = {
  "/healthz": "alive, without a key",
  "/readyz":
    "takes requests, without a key; 503 from SIGTERM on and without Redis, reasons where something is wrong",
  "/metrics": "figures for Prometheus",
  "/admin": "pages for operators",
  "/_rep": "what the proxy does itself: sessions, cancelling, kept answers",
  "/rep": "the WebSocket endpoint",
  "/key": "a key in front of any other path, where that is switched on",
  "/update-bearer-token": "a new token for waiting requests",
} as const;

/** A path that the proxy answers itself. */
export type ReservedPath = keyof typeof RESERVED_PATHS;

const FIRST_SEGMENT = /^\/[^/?]*/;

/** The reserved path that a raw target is at or below, or undefined. */
export function reservedPathOf(target: string): ReservedPath | undefined {
  const first = FIRST_SEGMENT.exec(target)?.[0];
  return first !== undefined && Object.hasOwn(RESERVED_PATHS, first)
    ? first as ReservedPath
    : undefined;
}

/** Whether a raw target is one of those that need the right `admin`. */
export function isForOperators(target: string): boolean {
  return target.startsWith("/metrics") || target.startsWith("/admin");
}

const PROBE = /^\/(healthz|readyz)(?:\?|$)/;

/** A probe must see the present state, not one from a cache. */
const PROBE_HEADERS: HeaderList = [
  ["content-type", "application/json"],
  ["cache-control", "no-store"],
];

const encoder = new TextEncoder();

/** What another replica, with a disk and a network of its own, would do better. */
const UNREADY: ReadonlySet<string> = new Set([
  "journal_failing",
  "store_unreachable",
]);

/**
 * Answers the paths that need no key; undefined for every other. `state` tells
 * that the proxy drains, so that a load balancer sends new requests elsewhere
 * (they would be served), or what is wrong though it takes requests in: that is
 * no reason to send them elsewhere, since another replica would do no better,
 * but for a journal that fails, and a Redis that this one does not reach. A
 * journal without room is none either: what promises nothing is served without a
 * row, and where this is the only proxy a 503 would keep that away, too.
 */
export function answerProbe(
  target: string,
  method: string,
  state: () => "draining" | readonly string[],
): HttpAnswer | undefined {
  const probe = PROBE.exec(target)?.[1];
  const isRead = method === "GET" || method === "HEAD";
  if (probe === undefined || !isRead) return undefined;
  const now = probe === "healthz" ? [] : state();
  const status = now === "draining" ? now : now.length > 0 ? "degraded" : "ok";
  const isUnready = status === "draining" ||
    (now !== "draining" && now.some((reason) => UNREADY.has(reason)));
  const reasons = status === "degraded" ? { reasons: now } : {};
  const body = JSON.stringify({ status, ...reasons, version: VERSION });
  return {
    status: isUnready ? 503 : 200,
    headers: PROBE_HEADERS,
    body: method === "HEAD" ? undefined : encoder.encode(body),
  };
}
