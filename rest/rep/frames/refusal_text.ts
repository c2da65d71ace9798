import type { Refusal } from "../../domain/refusal.ts";

/** Where the proxy refuses for load, handlers of Discord's own 429 must work (C51). */
const LOAD_CODES: ReadonlySet<string> = new Set([
  "overloaded",
  "wait_too_long",
  "too_many",
  "mailbox_full",
]);

/** Told where nothing better is known; a second empties most lines by some requests. */
const RETRY_AFTER_S = 1;

const MS_PER_S = 1_000;

/** What a refusal says over REP. */
export interface RefusalReply {
  readonly status: number;
  /** The `error` member as JSON text. */
  readonly bodyText: string;
}

/** Words a refusal as REP says it (C49 to C51). */
export function refusalReply(refusal: Refusal): RefusalReply {
  const { code, message, sent, retryAfterMs } = refusal;
  const isLoad = LOAD_CODES.has(code);
  const retryAfter = retryAfterMs === undefined
    ? (isLoad ? RETRY_AFTER_S : undefined)
    : retryAfterMs / MS_PER_S;
  return {
    // Over HTTP an unknown method is a 405 of the request line; in a frame it is a wrong member (C23).
    status: code === "bad_method" ? 400 : refusal.status,
    bodyText: JSON.stringify({
      message,
      // Bots look for Discord's number before they forget a webhook.
      code: code === "webhook_gone" ? WEBHOOK_GONE : code,
      sent,
      retry_after: retryAfter,
      global: isLoad ? false : undefined,
    }),
  };
}

/** Discord's code for "Unknown Webhook" (docs: JSON error codes). */
const WEBHOOK_GONE = 10_015;
