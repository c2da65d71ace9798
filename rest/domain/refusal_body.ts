import { UNKNOWN_WEBHOOK } from "./limit_report.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";

/** Where a refusal does not say when to come back, by status. */
const RETRY_AFTER_MS: Readonly<Record<number, number>> = {
  // A second empties most queues by some requests.
  429: 1_000,
  // A restart or a blocked address takes longer than a queue.
  503: 5_000,
};

/** Numbers of Discord's that clients look for in `code`. */
const DISCORD_CODES: ReadonlyMap<RefusalCode, number> = new Map([
  // Bots look for it before they forget a webhook.
  ["webhook_gone", UNKNOWN_WEBHOOK],
]);

/** The words discordeno's clients know from other proxies. */
const UNAUTHORIZED_ERROR = "Invalid authorization key.";

/** The JSON members of a refusal, the same on every transport. */
export interface RefusalBody {
  readonly error?: string;
  readonly message: string;
  readonly code: RefusalCode | number;
  readonly sent: false | true | null;
  /** Seconds, with fractions. */
  readonly "retry_after"?: number;
  readonly global?: false;
}

/** Words a refusal as every transport tells it. */
export function refusalBody(refusal: Refusal): RefusalBody {
  const { code, message, sent, status } = refusal;
  const retryAfterMs = retryAfterMsOf(refusal);
  return {
    ...(code === "unauthorized" && { error: UNAUTHORIZED_ERROR }),
    message,
    code: DISCORD_CODES.get(code) ?? code,
    sent,
    ...(retryAfterMs !== undefined && { retry_after: retryAfterMs / 1_000 }),
    // Handlers of Discord's own 429 look for it.
    ...(status === 429 && { global: false as const }),
  };
}

/** When to come back, in whole ms; undefined where coming back is of no use or nobody knows. */
export function retryAfterMsOf(
  { retryAfterMs, status }: Refusal,
): number | undefined {
  const afterMs = retryAfterMs ?? RETRY_AFTER_MS[status];
  return afterMs === undefined ? undefined : Math.max(0, Math.ceil(afterMs));
}
