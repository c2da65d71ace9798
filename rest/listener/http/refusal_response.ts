import type { Refusal, RefusalCode } from "../../domain/refusal.ts";
import { refusalBody, retryAfterMsOf } from "../../domain/refusal_body.ts";
import { METHODS } from "../../domain/request.ts";
import { hashText } from "../../routes/hash_text.ts";

/** Signs what the proxy says itself; no answer of Discord's carries it. */
export const SIGNATURE_HEADER = "x-rest-proxy";

type ByCode<T> = ReadonlyMap<RefusalCode, T>;

/** What goes out with every refusal of one code. */
const MORE_HEADERS: ByCode<Record<string, string>> = new Map([
  ["bad_method", { allow: METHODS.join(", ") }],
  ["upgrade_required", { upgrade: "websocket", connection: "upgrade" }],
  // These callers are still sending: the rest of their body is not read, so
  // the connection is spent.
  ["body_timeout", { connection: "close" }],
  ["too_large", { connection: "close" }],
  ["draining", { connection: "close" }],
]);

/** The one place where a refusal becomes an HTTP response; `label` names the route it is about. */
export function refusalResponse(
  refusal: Refusal,
  label: string = "",
): Response {
  const { code, status } = refusal;
  const headers: Record<string, string> = {
    // Exactly so: some clients compare, and a charset would make it another type.
    "content-type": "application/json",
    [SIGNATURE_HEADER]: code,
    ...MORE_HEADERS.get(code),
  };
  const retryAfterMs = retryAfterMsOf(refusal);
  if (retryAfterMs !== undefined) {
    // Whole seconds, rounded up: JDA, disgo and others parse an integer, and
    // one who is told 0 is back at once.
    headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfterMs / 1e3)));
  }
  if (status === 429) {
    Object.assign(headers, limitHeaders(retryAfterMs ?? 0, label));
  }
  return new Response(JSON.stringify(refusalBody(refusal)), {
    status,
    headers,
  });
}

/**
 * What clients want of a 429 before they believe it (seen in their sources,
 * 2026-11): without `Via` discord.py and JDA take it for Cloudflare's ban,
 * disgo wants a bucket, DSharpPlus a reset; nextcord, hikari and arikawa ask again
 * at once unless nothing remains; `shared` keeps it out of their
 * counts of invalid requests.
 */
function limitHeaders(
  retryAfterMs: number,
  label: string,
): Record<string, string> {
  return {
    via: "1.1 sluice",
    "x-ratelimit-scope": "shared",
    "x-ratelimit-remaining": "0",
    // One per route: JDA puts routes of one bucket into one queue, for good.
    "x-ratelimit-bucket": `rest-proxy-${hashText(label)}`,
    "x-ratelimit-reset-after": (retryAfterMs / 1_000).toFixed(3),
  };
}
