import type { Block } from "./ip_guard.ts";
import type { Shown } from "./bucket_store.ts";

/** An answer without its framing on the wire. */
export interface SimResponse {
  readonly status: number;
  readonly headers: Array<readonly [name: string, value: string]>;
  readonly body: string | Uint8Array | undefined;
}

/** Who a 429 is about; `cloudflare` when Discord itself never saw the request. */
export type Scope = "user" | "global" | "shared" | "cloudflare";

/** The members of a refusal of Discord's. */
export interface Refused {
  readonly scope: "user" | "global" | "shared";
  /** Left out: the answer does not say. */
  readonly retryAfterMs?: number;
  readonly status?: number;
  readonly retryAfterHeaderS?: number;
  readonly code?: number;
  readonly message?: string;
}

/** An origin's answer: it carries `Via`. */
export function originResponse(
  status: number,
  body: string | Uint8Array | undefined,
  type = "application/json",
): SimResponse {
  const headers: Array<readonly [string, string]> = [];
  if (body !== undefined) headers.push(["Content-Type", type]);
  headers.push(["via", "1.1 google"]);
  return { status, headers, body };
}

/** An error with Discord's code. */
export function errorResponse(
  status: number,
  code: number,
  message: string,
): SimResponse {
  return originResponse(status, JSON.stringify({ message, code }));
}

/** Adds the five announcing headers of one limiter. */
export function announce(
  response: SimResponse,
  { limiter, verdict }: Shown,
  clockOffsetMs: number,
): void {
  if (limiter.isHeaderless && verdict.isAllowed) return;
  const resetAtMs = verdict.resetAtMs + clockOffsetMs +
    (limiter.resetSkewMs ?? 0);
  response.headers.push(
    ["x-ratelimit-bucket", limiter.hash],
    ["x-ratelimit-limit", String(verdict.limit)],
    ["x-ratelimit-remaining", String(verdict.remaining)],
    ["x-ratelimit-reset", seconds(resetAtMs)],
    ["x-ratelimit-reset-after", seconds(verdict.resetAfterMs)],
  );
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const MESSAGES = {
  user: "You are being rate limited.",
  global: "You are being rate limited.",
  shared: "The resource is being rate limited.",
};

/** A 429 of Discord's own, in the shape of its documents. */
export function refusalResponse(refused: Refused): SimResponse {
  const { scope, status = 429, retryAfterMs, retryAfterHeaderS } = refused;
  const message = refused.message ?? MESSAGES[scope];
  // 30034 came as a plain 400 in 2023.
  if (status !== 429) return errorResponse(status, refused.code ?? 0, message);
  // Rounded up, so that a caller that waits exactly this long is never too early.
  const retryAfterS = retryAfterMs === undefined
    ? undefined
    : Math.ceil(Math.max(1, retryAfterMs)) / 1000;
  const response = originResponse(
    status,
    JSON.stringify({
      message,
      ...(retryAfterS === undefined ? {} : { retry_after: retryAfterS }),
      global: scope === "global",
      ...(refused.code === undefined ? {} : { code: refused.code }),
    }),
  );
  const headerS = retryAfterHeaderS ??
    (retryAfterS === undefined ? undefined : Math.ceil(retryAfterS));
  if (headerS !== undefined) {
    response.headers.push(["Retry-After", String(headerS)]);
  }
  if (scope === "global") response.headers.push(["x-ratelimit-global", "true"]);
  response.headers.push(["x-ratelimit-scope", scope]);
  return response;
}

const BLOCK_HTML =
  "<!DOCTYPE html><html><head><title>Access denied | discord.com used Cloudflare to restrict access</title></head><body>Error 1015</body></html>";

/** Cloudflare's own answer: neither `Via` nor any X-RateLimit-* header. */
export function blockResponse({ shape, retryAfterS }: Block): SimResponse {
  const headers: Array<readonly [string, string]> = [];
  if (retryAfterS !== undefined && shape !== "d") {
    headers.push(["Retry-After", String(retryAfterS)]);
  }
  const make = (status: number, type: string, body: string): SimResponse => ({
    status,
    headers: [["Content-Type", type], ...headers],
    body,
  });
  switch (shape) {
    case "a":
      return make(
        429,
        "application/json",
        JSON.stringify({
          code: 0,
          message:
            "You are being blocked from accessing our API temporarily due to exceeding our rate limits frequently.",
        }),
      );
    case "b":
      return make(429, "text/plain; charset=UTF-8", "error code: 1015");
    case "c":
      return make(429, "text/html; charset=UTF-8", BLOCK_HTML);
    case "d":
      return make(
        403,
        "application/json",
        JSON.stringify({ message: "internal network error", code: 40333 }),
      );
  }
}

/** A failure of Discord's (500, JSON) or of what stands before it (plain text, no `Via`). */
export function failureResponse(status: number): SimResponse {
  if (status === 500) {
    return originResponse(
      500,
      JSON.stringify({ message: "500: Internal Server Error", code: 0 }),
    );
  }
  return {
    status,
    headers: [["Content-Type", "text/plain; charset=UTF-8"]],
    body: `error code: ${status}`,
  };
}
