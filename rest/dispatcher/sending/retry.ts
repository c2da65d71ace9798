import type { UpstreamFailure } from "../../domain/ports.ts";
import type { Random } from "../../domain/ports.ts";
import type { Method } from "../../domain/request.ts";

interface RetryRule {
  /** Sends after the first one. */
  readonly retriesMax: number;
  readonly firstDelayMs: number;
  readonly delayMaxMs: number;
}

/**
 * Nothing was sent, so every method may be tried again. Six tries bridge some
 * 6 s: the restart of a name server or of a router.
 */
const UNSENT: RetryRule = {
  retriesMax: 6,
  firstDelayMs: 100,
  delayMaxMs: 5_000,
};

/**
 * Nothing listens at the host. Four tries wait about two seconds for a server that
 * starts; after that the caller is told, since the address may be wrong.
 */
const REFUSED: RetryRule = { ...UNSENT, retriesMax: 4 };

/**
 * Discord may have executed it; GET, PUT and DELETE may be executed twice. The
 * first delay is 100 to 300 ms, since most 502s come from one instance only.
 */
const REPEATED: RetryRule = {
  retriesMax: 3,
  firstDelayMs: 200,
  delayMaxMs: 5_000,
};

/** Latest start of a retry after the first failure: callers give up after 15 to 30 s. */
export const RETRY_WINDOW_MS = 30_000;

/** 520 to 524 are Cloudflare's statuses for an origin that failed. */
const RETRIED_STATUSES: ReadonlySet<number> = new Set([
  502,
  503,
  504,
  520,
  521,
  522,
  523,
  524,
]);

/** How often a request was tried again, and since when. */
export interface RetryHistory {
  readonly unsent: number;
  readonly repeated: number;
  readonly sinceMs: number | undefined;
}

/** The history of a request that has not failed. */
export const NO_RETRIES: RetryHistory = {
  unsent: 0,
  repeated: 0,
  sinceMs: undefined,
};

/** Why a request may be sent again. */
export type RetryCause =
  | {
    readonly kind: "unsent";
    /** Whether the host refused the connection. */
    readonly isRefused: boolean;
  }
  | { readonly kind: "repeated"; readonly retryAfterMs: number | undefined };

/** When a request is sent again, and its history including that try. */
export interface NextTry {
  readonly notBeforeMs: number;
  readonly history: RetryHistory;
}

/** What decides whether a request may go again although Discord may have executed it. */
export interface Repeat {
  readonly method: Method;
  /** It is a message that Discord knows again, and so makes once. */
  readonly isRecognised: boolean;
}

/** Whether a request may be sent again although Discord may have executed it. */
export function isRepeatable(method: Method): boolean {
  return method === "GET" || method === "PUT" || method === "DELETE";
}

/** The cause for a retry after a failed send; undefined if it must not be sent again. */
export function retryCauseOfFailure(
  { method, isRecognised }: Repeat,
  failure: UpstreamFailure,
): RetryCause | undefined {
  if (!failure.mayHaveArrived) {
    return { kind: "unsent", isRefused: failure.code === "ECONNREFUSED" };
  }
  if (!isRepeatable(method) && !isRecognised) return undefined;
  return { kind: "repeated", retryAfterMs: undefined };
}

/**
 * The cause for a retry after an answer; undefined if the answer is for the
 * caller. A message goes again on every 5xx, 500 too: an edge answers it for a
 * message that was made, and libraries send it again by themselves.
 */
export function retryCauseOfStatus(
  { method, isRecognised }: Repeat,
  status: number,
  retryAfterMs: number | undefined,
): RetryCause | undefined {
  const isRetried = isRecognised
    ? status >= 500
    : isRepeatable(method) && RETRIED_STATUSES.has(status);
  return isRetried ? { kind: "repeated", retryAfterMs } : undefined;
}

/** When to try again; undefined if the tries or the time are used up. */
export function nextTry(
  cause: RetryCause,
  history: RetryHistory,
  nowMs: number,
  random: Random,
): NextTry | undefined {
  const rule = ruleOf(cause);
  const count = history[cause.kind];
  if (count >= rule.retriesMax) return undefined;

  const backOffMs = Math.min(
    rule.firstDelayMs * 2 ** count,
    rule.delayMaxMs,
  );
  // A random factor of 0.5 to 1.5: requests that failed together must not return together.
  const jitteredMs = backOffMs * (0.5 + random());
  const askedMs = cause.kind === "repeated" ? cause.retryAfterMs ?? 0 : 0;
  const notBeforeMs = nowMs + Math.max(jitteredMs, askedMs);

  const sinceMs = history.sinceMs ?? nowMs;
  if (notBeforeMs > sinceMs + RETRY_WINDOW_MS) return undefined;
  return {
    notBeforeMs,
    history: { ...history, [cause.kind]: count + 1, sinceMs },
  };
}

function ruleOf(cause: RetryCause): RetryRule {
  if (cause.kind === "repeated") return REPEATED;
  return cause.isRefused ? REFUSED : UNSENT;
}
