import { VERSION } from "../domain/version.ts";

/**
 * First path segments that are the proxy's own, without any prefix. Discord's
 * API has none of them, and below `/api` they would go to Discord.
 */
export const RESERVED_PATHS = {
  "/healthz": "alive, without a key",
  "/readyz": "takes requests, without a key; 503 while draining",
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

const PROBE = /^\/(healthz|readyz)(?:\?|$)/;

/** A probe sees what is true now, never what some cache remembers. */
const PROBE_HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
};

/** Answers the paths that need no key; undefined for every other. */
export function answerProbe(
  target: string,
  method: string,
  isDraining: boolean,
): Response | undefined {
  const probe = PROBE.exec(target)?.[1];
  const isRead = method === "GET" || method === "HEAD";
  if (probe === undefined || !isRead) return undefined;
  const isUp = probe === "healthz" || !isDraining;
  const body = JSON.stringify({
    status: isUp ? "ok" : "draining",
    version: VERSION,
  });
  return new Response(method === "HEAD" ? null : body, {
    status: isUp ? 200 : 503,
    headers: PROBE_HEADERS,
  });
}
