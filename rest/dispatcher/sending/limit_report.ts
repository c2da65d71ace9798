import type { Answer } from "../../domain/answer.ts";
import type { HeaderList } from "../../domain/headers.ts";
import type {
  BucketReport,
  LimitReport,
  RateLimited,
} from "../../domain/limit_report.ts";
import { decimalOf, msOf } from "./decimal.ts";
import { guildsTold } from "./guilds_told.ts";
import { type ErrorBody, readErrorBody } from "./error_body.ts";

/** Cloudflare's "internal network error": Cloudflare blocked the request (docs: error codes). */
const CLOUDFLARE_ERROR_CODE = 40_333;

/**
 * The header is the value of the body, rounded up. So header and body mean the
 * same wait if they differ by up to one second.
 */
const ROUNDING_S = 1;

/**
 * The longest wait that is believed: a week. Discord's longest known waits are two
 * days (new roles, discord-net #1451).
 */
const WAIT_MAX_S = 604_800;

/** The header fields about limits, as they came. */
interface LimitHeaders {
  hash: string | undefined;
  limit: string | undefined;
  remaining: string | undefined;
  reset: string | undefined;
  resetAfter: string | undefined;
  scope: string | undefined;
  retryAfter: string | undefined;
  isGlobal: boolean;
  hasVia: boolean;
  hasRateLimit: boolean;
}

/** Reads what an answer of Discord's to a request of the route `label` says about limits. */
export function limitReportOf(
  answer: Answer,
  sentAtMs: number,
  receivedAtMs: number,
  label = "",
): LimitReport {
  const headers = readHeaders(answer.headers);
  const { status } = answer;
  const isError = status >= 400 && status < 500;
  const body = isError ? readErrorBody(answer) : undefined;
  const bucket = bucketOf(headers);
  return {
    status,
    sentAtMs,
    receivedAtMs,
    bucket,
    isBucketGarbled: bucket === undefined && headers.hash !== undefined
      ? true
      : undefined,
    guilds: guildsTold(label, answer),
    rateLimited: status === 429 ? rateLimitedOf(headers, body) : undefined,
    errorCode: body?.code,
    isCloudflare403: status === 403 && body !== undefined &&
      (body.isHtml || body.code === CLOUDFLARE_ERROR_CODE),
  };
}

function readHeaders(list: HeaderList): LimitHeaders {
  const found: LimitHeaders = {
    hash: undefined,
    limit: undefined,
    remaining: undefined,
    reset: undefined,
    resetAfter: undefined,
    scope: undefined,
    retryAfter: undefined,
    isGlobal: false,
    hasVia: false,
    hasRateLimit: false,
  };
  for (const [name, value] of list) {
    if (name.startsWith("x-ratelimit-")) {
      found.hasRateLimit = true;
      readRateLimitHeader(found, name, value);
    } else if (name === "retry-after") found.retryAfter ??= value;
    else if (name === "via") found.hasVia = true;
  }
  return found;
}

function readRateLimitHeader(
  found: LimitHeaders,
  name: string,
  value: string,
): void {
  switch (name) {
    case "x-ratelimit-bucket":
      found.hash ??= value;
      break;
    case "x-ratelimit-limit":
      found.limit ??= value;
      break;
    case "x-ratelimit-remaining":
      found.remaining ??= value;
      break;
    case "x-ratelimit-reset":
      found.reset ??= value;
      break;
    case "x-ratelimit-reset-after":
      found.resetAfter ??= value;
      break;
    case "x-ratelimit-scope":
      found.scope ??= value;
      break;
    case "x-ratelimit-global":
      // Its presence is enough: Discord sends it only on global 429s.
      found.isGlobal ||= value.toLowerCase() !== "false";
  }
}

/** Reads the bucket; undefined if any part of it is missing or invalid. */
function bucketOf(headers: LimitHeaders): BucketReport | undefined {
  const { hash } = headers;
  if (hash === undefined || hash === "") return undefined;
  const limit = countOf(headers.limit);
  const remaining = countOf(headers.remaining);
  const resetS = decimalOf(headers.reset);
  const resetAfterS = decimalOf(headers.resetAfter);
  if (limit === undefined || limit < 1 || remaining === undefined) {
    return undefined;
  }
  if (resetS === undefined || resetAfterS === undefined) return undefined;
  if (resetAfterS > WAIT_MAX_S) return undefined;
  return {
    hash,
    limit,
    remaining: Math.min(remaining, limit),
    resetAtServerMs: msOf(resetS),
    resetAfterMs: msOf(resetAfterS),
  };
}

/** Reads a whole number of tokens. */
function countOf(text: string | undefined): number | undefined {
  const count = decimalOf(text);
  return Number.isInteger(count) ? count : undefined;
}

function rateLimitedOf(
  headers: LimitHeaders,
  body: ErrorBody | undefined,
): RateLimited {
  const bodyS = body?.retryAfterS;
  const waitS = reconcile(
    believable(bodyS),
    believable(decimalOf(headers.retryAfter)),
  );
  return {
    scope: scopeOf(headers, body),
    retryAfterMs: waitS === undefined ? undefined : msOf(waitS),
    isCloudflareBlock: !headers.hasVia && !headers.hasRateLimit &&
      bodyS === undefined && body?.isGlobal === undefined,
  };
}

/** A wait beyond all that is known is no number. */
function believable(waitS: number | undefined): number | undefined {
  return waitS === undefined || waitS > WAIT_MAX_S ? undefined : waitS;
}

/** The wait of the body, which is exact. The header is used if it is clearly longer, or alone. */
function reconcile(
  bodyS: number | undefined,
  headerS: number | undefined,
): number | undefined {
  if (bodyS === undefined) return headerS;
  if (headerS === undefined) return bodyS;
  return headerS > bodyS + ROUNDING_S ? headerS : bodyS;
}

/**
 * Three places can say "global", and one of them is enough: if they disagree,
 * pausing the whole bot also pauses the bucket (docs: rate limits).
 */
function scopeOf(
  { scope, isGlobal }: LimitHeaders,
  body: ErrorBody | undefined,
): RateLimited["scope"] {
  if (isGlobal || body?.isGlobal === true || scope === "global") {
    return "global";
  }
  return scope === "user" || scope === "shared" ? scope : undefined;
}
