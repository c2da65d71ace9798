import type { HeaderList } from "../../domain/headers.ts";
import type { Refusal, RefusalCode } from "../../domain/refusal.ts";
import { refusalBody, retryAfterMsOf } from "../../domain/refusal_body.ts";
import { METHODS } from "../../domain/request.ts";
import { hashText } from "../../routes/hash_text.ts";
import type { HttpAnswer } from "./incoming_request.ts";

/** Signs what the proxy says itself; no answer of Discord's carries it. */
export const SIGNATURE_HEADER = "x-rest-proxy";

const CLOSING: HeaderList = [["connection", "close"]];

type ByCode<T> = ReadonlyMap<RefusalCode, T>;

/** What goes out with every refusal of one code. */
const MORE_HEADERS: ByCode<HeaderList> = new Map([
  ["bad_method", [["allow", METHODS.join(", ")]]],
  ["upgrade_required", [["upgrade", "websocket"], ["connection", "upgrade"]]],
  // These callers may still be sending: the connection is spent.
  ["body_timeout", CLOSING],
  ["too_large", CLOSING],
  ["draining", CLOSING],
]);

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
  const body = encoder.encode(JSON.stringify(refusalBody(refusal)));
  return { status, headers, body };
}

/**
 * What clients want of a 429 before they believe it (seen in their sources,
 * 2026-11): without `Via` discord.py and JDA take it for Cloudflare's ban,
 * disgo wants a bucket, DSharpPlus a reset; nextcord, hikari and arikawa ask
 * again at once unless nothing remains; `shared` keeps it out of their counts
 * of invalid requests.
 */
function limitHeaders(
  retryAfterMs: number,
  label: string,
): HeaderList {
  return [
    ["via", "1.1 sluice"],
    ["x-ratelimit-scope", "shared"],
    ["x-ratelimit-remaining", "0"],
    // One per route: JDA puts routes of one bucket into one queue, for good.
    ["x-ratelimit-bucket", `rest-proxy-${hashText(label)}`],
    ["x-ratelimit-reset-after", (retryAfterMs / 1_000).toFixed(3)],
  ];
}
