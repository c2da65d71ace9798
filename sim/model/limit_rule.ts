import type { BucketKind } from "./bucket.ts";

/** One limiter of a route. Plain data, so that a table of them fits in JSON. */
export interface LimitSpec {
  readonly limit: number;
  readonly periodMs: number;
  /** `sliding` when absent. */
  readonly kind?: BucketKind;
  /** Tells several limiters of one route apart in logs and hashes. */
  readonly name?: string;
  /** Routes whose limiters have the same word here share one counter and one hash. */
  readonly bucket?: string;
  /** Shows the hash of this word while counting apart (Discord before 2026-01). */
  readonly hash?: string;
  /** Who counts together: the major resource (default), the whole identity, the channel behind a webhook, the guild behind a channel, or each full path. */
  readonly per?: "major" | "identity" | "channel" | "guild" | "path";
  /** Not announced on success; shows only as a 429. */
  readonly isHidden?: boolean;
  /** What a hidden limiter's 429 carries: the route's own numbers (default) or its own. */
  readonly shows?: "route" | "own";
  /** `user` when absent. */
  readonly scope?: "user" | "shared";
  /** Answers without any X-RateLimit-* header, refusals excepted. */
  readonly isHeaderless?: boolean;
  /** Counts only requests whose JSON body has this member. */
  readonly field?: string;
  /** Counts only messages (last id of the path) of this age; `fromMs` included. */
  readonly messageAge?: { readonly fromMs?: number; readonly toMs?: number };
  /** Status of a refusal; 429 when absent. */
  readonly status?: number;
  readonly code?: number;
  readonly message?: string;
  /** A lie: `Retry-After` says this whatever the body says. */
  readonly retryAfterHeaderS?: number;
  /** A lie: X-RateLimit-Reset differs by this much from what Reset-After says (#5621). */
  readonly resetSkewMs?: number;
}

/**
 * The limiters of every route that `match` names, in place of what was before.
 * `match` is a method and a template (`GET /users/{id}`, names free); either
 * may be `*`. Short form: one limiter's members beside `match`.
 */
export interface RouteRule extends Partial<LimitSpec> {
  readonly match: string;
  readonly limits?: readonly LimitSpec[];
  /** No route-level limit and no rate-limit headers. */
  readonly headerless?: boolean;
}

/** A change of the rules in the middle of a run, as after a deploy of Discord's. */
export interface RuleChange extends Partial<LimitSpec> {
  /** Counted from the first moment of the simulation. */
  readonly afterMs: number;
  readonly match: string;
  /** Mixed into the hash: the buckets start anew under other names. */
  readonly rotateHash?: string;
}
