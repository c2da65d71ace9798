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
 * Nothing left this process, so any method may try again: six tries bridge
 * some 6 s, a restart of a name server or of a route on the way.
 */
const UNSENT: RetryRule = {
  retriesMax: 6,
  firstDelayMs: 100,
  delayMaxMs: 5_000,
};

/**
 * Nothing listens there: waiting for a server to start is worth two seconds of
 * a caller's time, and a mistaken address ought to be told.
 */
const REFUSED: RetryRule = { ...UNSENT, retriesMax: 4 };

/**
 * Discord may have run it, which GET, PUT and DELETE can bear. The first delay
 * comes to 100 to 300 ms: most 502s are one unlucky instance.
 */
const REPEATED: RetryRule = {
  retriesMax: 3,
  firstDelayMs: 200,
  delayMaxMs: 5_000,
};

/** No retry begins later than this after the first failure: callers give up after 15 to 30 s. */
export const RETRY_WINDOW_MS = 30_000;

/** 520 to 524 are Cloudflare's words for an origin that failed. */
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

/** How often one request has been tried again, and since when. */
export interface RetryHistory {
  readonly unsent: number;
  readonly repeated: number;
  readonly sinceMs: number | undefined;
}

/** The history of a request nothing has gone wrong with. */
export const NO_RETRIES: RetryHistory = {
  unsent: 0,
  repeated: 0,
  sinceMs: undefined,
};

/** What went wrong, as far as retries care. */
export type RetryCause =
  | {
    readonly kind: "unsent";
    /** The host was there and let nobody in. */
    readonly isRefused: boolean;
  }
  | { readonly kind: "repeated"; readonly retryAfterMs: number | undefined };

/** When a request is sent again, and its history with that try counted. */
export interface NextTry {
  readonly notBeforeMs: number;
  readonly history: RetryHistory;
}

/** May be sent again although Discord may have run it. */
export function isRepeatable(method: Method): boolean {
  return method === "GET" || method === "PUT" || method === "DELETE";
}

/** What a failed send means for this method; undefined: it must not be sent again. */
export function retryCauseOfFailure(
  method: Method,
  failure: UpstreamFailure,
): RetryCause | undefined {
  if (!failure.mayHaveArrived) {
    return { kind: "unsent", isRefused: failure.code === "ECONNREFUSED" };
  }
  if (!isRepeatable(method)) return undefined;
  return { kind: "repeated", retryAfterMs: undefined };
}

/** What an answer means for this method; undefined: it is the caller's. */
export function retryCauseOfStatus(
  method: Method,
  status: number,
  retryAfterMs: number | undefined,
): RetryCause | undefined {
  if (!RETRIED_STATUSES.has(status) || !isRepeatable(method)) return undefined;
  return { kind: "repeated", retryAfterMs };
}

/** When to try again; undefined once the tries or the time are used up. */
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
  // Half to one and a half: requests that failed together must not return together.
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
