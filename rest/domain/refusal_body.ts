import { INVALID_WEBHOOK_TOKEN, UNKNOWN_WEBHOOK } from "./limit_report.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";

/** When to ask again if the refusal does not say, by status. */
const RETRY_AFTER_MS: Readonly<Record<number, number>> = {
  // Most queues send some requests within a second.
  429: 1_000,
  // A restart and a block of the address last longer.
  503: 5_000,
};

/** Refusals whose `code` is a number of Discord's. */
const DISCORD_CODES: ReadonlyMap<RefusalCode, number> = new Map([
  // Bots wait for this number before they forget a webhook.
  ["webhook_gone", UNKNOWN_WEBHOOK],
  ["webhook_unauthorized", INVALID_WEBHOOK_TOKEN],
]);

/** The text that discordeno's clients know from other proxies. */
const UNAUTHORIZED_ERROR = "Invalid authorization key.";

/** The JSON members of a refusal, the same on every transport. */
export interface RefusalBody {
  readonly error?: string;
  readonly message: string;
  readonly code: RefusalCode | number;
  readonly sent: false | true | null;
  readonly errors?: Readonly<Record<string, never>>;
  /** Seconds, with fractions. */
  readonly "retry_after"?: number;
  readonly global?: false;
}

/**
 * As Discord tells what is wrong with single members. eris looks for them in
 * every member unless it finds `errors`, and ends its process at one that is
 * null (seen 2026-11, eris 0.18.0).
 */
const NO_FIELD_ERRORS = { errors: {} };

/** Makes the JSON body of a refusal. */
export function refusalBody(refusal: Refusal): RefusalBody {
  const { code, message, sent, status } = refusal;
  const retryAfterMs = retryAfterMsOf(refusal);
  return {
    ...(code === "unauthorized" && { error: UNAUTHORIZED_ERROR }),
    message,
    code: DISCORD_CODES.get(code) ?? code,
    sent,
    ...(sent === null && NO_FIELD_ERRORS),
    ...(retryAfterMs !== undefined && { retry_after: retryAfterMs / 1_000 }),
    // Code that handles Discord's 429s reads it.
    ...(status === 429 && { global: false as const }),
  };
}

/** After how many whole ms to ask again; undefined if that does not help or nobody knows. */
export function retryAfterMsOf(
  { retryAfterMs, status }: Refusal,
): number | undefined {
  const afterMs = retryAfterMs ?? RETRY_AFTER_MS[status];
  return afterMs === undefined ? undefined : Math.max(0, Math.ceil(afterMs));
}
