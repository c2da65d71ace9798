import type { HeaderList } from "../../domain/headers.ts";
import {
  type Refusal,
  type RefusalCode,
  REFUSALS,
} from "../../domain/refusal.ts";
import { METHODS } from "../../domain/request.ts";
import { hashText } from "../../routes/hash_text.ts";
import type { HttpAnswer } from "./incoming_request.ts";

/** Signs what the proxy says itself; no answer of Discord's carries it. */
export const SIGNATURE_HEADER = "x-rest-proxy";

/** Where a refusal does not say when to come back, by status. */
const RETRY_AFTER_MS: Readonly<Record<number, number>> = {
  429: 1_000,
  // A restart or a blocked address takes longer than a queue.
  503: 5_000,
};

const CLOSING: HeaderList = [["connection", "close"]];

type ByCode<T> = ReadonlyMap<RefusalCode, T>;

/** Numbers of Discord's that clients look for in `code`. */
const DISCORD_CODES: ByCode<number> = new Map([["webhook_gone", 10_015]]);

/** The words discordeno's clients know from other proxies. */
const UNAUTHORIZED_ERROR = "Invalid authorization key.";

/** What goes out with every refusal of one code. */
const MORE_HEADERS: ByCode<HeaderList> = new Map([
  ["bad_method", [["allow", METHODS.join(", ")]]],
  ["upgrade_required", [["upgrade", "websocket"], ["connection", "upgrade"]]],
  // These callers may still be sending: the connection is spent.
  ["body_timeout", CLOSING],
  ["too_large", CLOSING],
  ["draining", CLOSING],
]);

/** The JSON members of a refusal, the same on every transport. */
export interface RefusalMembers {
  readonly error?: string;
  readonly message: string;
  readonly code: RefusalCode | number;
  readonly sent: false | true | null;
  /** Seconds, with fractions. */
  readonly "retry_after"?: number;
  readonly global?: false;
}

/** Tells a refusal in JSON members. */
export function refusalMembers(refusal: Refusal): RefusalMembers {
  const { code, message, sent, status } = refusal;
  const retryAfterMs = retryAfterMsOf(refusal);
  return {
    ...(code === "unauthorized" && { error: UNAUTHORIZED_ERROR }),
    message,
    code: DISCORD_CODES.get(code) ?? code,
    sent,
    ...(retryAfterMs !== undefined && { retry_after: retryAfterMs / 1_000 }),
    ...(status === 429 && { global: false as const }),
  };
}

const encoder = new TextEncoder();

/** The one place where a refusal becomes an answer of HTTP; `label` names the route it is about. */
export function refusalAnswer(
  refusal: Refusal,
  label: string = "",
): HttpAnswer {
  const { code, status } = refusal;
  const headers: Array<readonly [string, string]> = [
    // Exactly so: some clients compare, and a charset would make it another type.
    ["content-type", "application/json"],
    [SIGNATURE_HEADER, code],
    ...MORE_HEADERS.get(code) ?? [],
  ];
  const retryAfterMs = retryAfterMsOf(refusal);
  if (retryAfterMs !== undefined) {
    // Whole seconds, rounded up: JDA, disgo and others parse an integer, and
    // one who is told 0 is back at once.
    const seconds = Math.max(1, Math.ceil(retryAfterMs / 1e3));
    headers.push(["retry-after", String(seconds)]);
  }
  if (status === 429) headers.push(...limitHeaders(retryAfterMs ?? 0, label));
  const body = encoder.encode(JSON.stringify(refusalMembers(refusal)));
  return { status, headers, body };
}

/**
 * What clients want of a 429 before they believe it (seen in their sources,
 * 2026-11): without `Via` discord.py and JDA take it for Cloudflare's ban,
 * disgo wants a bucket, DSharpPlus a reset; `shared` keeps it out of their
 * counts of invalid requests.
 */
function limitHeaders(
  retryAfterMs: number,
  label: string,
): HeaderList {
  return [
    ["via", "1.1 sluice"],
    ["x-ratelimit-scope", "shared"],
    // One per route: JDA puts routes of one bucket into one queue, for good.
    ["x-ratelimit-bucket", `rest-proxy-${hashText(label)}`],
    ["x-ratelimit-reset-after", (retryAfterMs / 1_000).toFixed(3)],
  ];
}

function retryAfterMsOf({ retryAfterMs, code }: Refusal): number | undefined {
  const afterMs = retryAfterMs ?? RETRY_AFTER_MS[REFUSALS[code].status];
  return afterMs === undefined ? undefined : Math.max(0, Math.ceil(afterMs));
}
