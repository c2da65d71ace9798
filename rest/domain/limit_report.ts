/** Discord's code for "Unknown Webhook" (docs: JSON error codes). */
export const UNKNOWN_WEBHOOK = 10_015;

/** Discord's bucket headers as one response showed them. */
export interface BucketReport {
  readonly hash: string;
  readonly limit: number;
  readonly remaining: number;
  /** `X-RateLimit-Reset`, on Discord's clock (epoch ms). */
  readonly resetAtServerMs: number;
  readonly resetAfterMs: number;
}

/** What a 429 said. */
export interface RateLimited {
  /** As a header or the body named it; undefined where none did. */
  readonly scope: "user" | "global" | "shared" | undefined;
  /** Body and header reconciled; undefined when there was nothing to go by. */
  readonly retryAfterMs: number | undefined;
  /** No `Via`, no `X-RateLimit-*`, no body `retry_after`: Cloudflare's block, not Discord's limiter. */
  readonly isCloudflareBlock: boolean;
}

/** Everything the scheduler learns from one answer. */
export interface LimitReport {
  readonly status: number;
  /** When the request was handed to the network (monotonic). */
  readonly sentAtMs: number;
  /** When the answer's headers were here (monotonic). */
  readonly receivedAtMs: number;
  /** Undefined when the answer named no bucket. */
  readonly bucket: BucketReport | undefined;
  /** It did name one, but with numbers that cannot be true. */
  readonly isBucketGarbled?: true | undefined;
  /** Channels whose guild the answer told, as pairs of ids. */
  readonly guilds?: ReadonlyArray<readonly [string, string]> | undefined;
  /** Set exactly when `status` is 429. */
  readonly rateLimited: RateLimited | undefined;
  /** Discord's numeric `code` in a 4xx JSON body, where one was read. */
  readonly errorCode: number | undefined;
  /** A 403 of Cloudflare's own (code 40333 or HTML): a block, not a missing permission. */
  readonly isCloudflare403: boolean;
}
