/** Everything a request can wait for, in the words of logs, metrics, headers and pages. */
export const WAIT_REASONS = [
  /** Discord's bucket of its line is spent. */
  "bucket",
  /** A first request of the route is under way: nobody knows its bucket yet. */
  "first_answer",
  /** An earlier request of its order has no answer yet. */
  "order",
  /** The bot's global limit is spent. */
  "global",
  /** A limit that Discord announces nowhere. */
  "hidden_limit",
  /** A counter of Discord's that its line shares with others is spent. */
  "common_limit",
  /** A 429 paused its line or its bot. */
  "rate_limited",
  /** Cloudflare blocks the proxy's address. */
  "breaker",
  /** Discord rejects the bot's token. */
  "token",
  /** Too many invalid requests lately. */
  "invalid_budget",
  /** It is to be sent again later. */
  "retry",
  /** An operator paused its line. */
  "operator",
  /** Others go first. */
  "turn",
] as const;

/** Why a request waits. */
export type WaitReason = typeof WAIT_REASONS[number];

/** Why a request waits, and how long at least. */
export interface Wait {
  readonly reason: WaitReason;
  /** Its place in its line, from 1. */
  readonly place: number;
  /** It leaves no earlier, as far as is known now; undefined: an answer or an operator decides. */
  readonly earliestAtMs: number | undefined;
}

/** Where a request's time went, told in `Server-Timing`. */
export interface Timing {
  /** In the queue, up to its last sending or its refusal. */
  readonly waitMs: number;
  /** What it waited longest for; undefined where it did not wait. */
  readonly reason: WaitReason | undefined;
  /** Until Discord answered; undefined where it did not. */
  readonly discordMs?: number;
  /** How often it was sent. */
  readonly attempts?: number;
}
