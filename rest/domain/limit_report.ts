/** Discord's code for "Unknown Webhook" (docs: JSON error codes). */
export const UNKNOWN_WEBHOOK = 10_015;
/** Discord's error code for a webhook token, or an interaction's, that is not valid. */
export const INVALID_WEBHOOK_TOKEN = 50_027;

/** Discord's bucket headers of one answer. */
export interface BucketReport {
  readonly hash: string;
  readonly limit: number;
  readonly remaining: number;
  /** `X-RateLimit-Reset`, on Discord's clock (epoch ms). */
  readonly resetAtServerMs: number;
  readonly resetAfterMs: number;
}

/** What a 429 says. */
export interface RateLimited {
  /** From a header or the body; undefined if neither has it. */
  readonly scope: "user" | "global" | "shared" | undefined;
  /** From body and header together; undefined if neither has it. */
  readonly retryAfterMs: number | undefined;
  /** True without `Via`, `X-RateLimit-*` and `retry_after` in the body: then Cloudflare blocked it. */
  readonly isCloudflareBlock: boolean;
}

/** Everything that the scheduler learns from one answer. */
export interface LimitReport {
  readonly status: number;
  /** When the request was handed to the network (monotonic). */
  readonly sentAtMs: number;
  /** When the headers of the answer had come (monotonic). */
  readonly receivedAtMs: number;
  /** Undefined if the answer names no bucket. */
  readonly bucket: BucketReport | undefined;
  /** Set if the answer names a bucket with impossible numbers. */
  readonly isBucketGarbled?: true | undefined;
  /** Channels whose guild the answer told, as pairs of ids. */
  readonly guilds?: ReadonlyArray<readonly [string, string]> | undefined;
  /** Set if and only if `status` is 429. */
  readonly rateLimited: RateLimited | undefined;
  /** Discord's numeric `code` in the JSON body of a 4xx, if one was read. */
  readonly errorCode: number | undefined;
  /** True for a 403 of Cloudflare's (code 40333 or HTML): a block, not a missing permission. */
  readonly isCloudflare403: boolean;
}
