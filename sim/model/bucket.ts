/** Sliding: one token back every period / limit. Fixed: all back when the window ends. */
export type BucketKind = "sliding" | "fixed";

/** The numbers of one bucket. */
export interface BucketNumbers {
  readonly limit: number;
  readonly periodMs: number;
  readonly kind: BucketKind;
}

/** What the server remembers of one bucket between two requests. */
export type BucketState =
  /** `fullAtMs`: the instant at which every token is back. */
  | { readonly kind: "sliding"; readonly fullAtMs: number }
  | {
    readonly kind: "fixed";
    readonly resetAtMs: number;
    readonly used: number;
  };

/** What one request learns about one bucket. */
export interface Verdict {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetAtMs: number;
  readonly resetAfterMs: number;
  /** Time until the next single token; 0 when allowed. */
  readonly retryAfterMs: number;
  /** The state to keep when every other limit lets the request through, too. */
  readonly next: BucketState;
}

/**
 * How early a request may be and still pass. Headers show whole milliseconds,
 * so a caller that keeps them exactly may arrive early by a part of one; more
 * than one would hide a scheduler that is off by a tick.
 */
export const EARLY_MS = 1;

/** Unix milliseconds in binary are exact to a quarter of this; without it a third of a second loses a token. */
const ROUNDING_MS = 0.001;

/** Judges one request at `nowMs` against one bucket; changes nothing. */
export function judge(
  state: BucketState | undefined,
  numbers: BucketNumbers,
  nowMs: number,
): Verdict {
  return numbers.kind === "sliding"
    ? judgeSliding(state, numbers, nowMs)
    : judgeFixed(state, numbers, nowMs);
}

/** GCRA, as Discord's buckets have behaved since 2022-11 (discord-api-docs #7680). */
function judgeSliding(
  state: BucketState | undefined,
  { limit, periodMs }: BucketNumbers,
  nowMs: number,
): Verdict {
  const tokenMs = periodMs / limit;
  const fullAtMs = state?.kind === "sliding" ? state.fullAtMs : nowMs;
  const wanted = Math.max(fullAtMs, nowMs) + tokenMs;
  const isAllowed = wanted - nowMs <= periodMs + EARLY_MS;
  const resetAtMs = isAllowed ? wanted : fullAtMs;
  return {
    isAllowed,
    limit,
    remaining: isAllowed
      ? wholeTokens(periodMs - (wanted - nowMs), tokenMs)
      : 0,
    resetAtMs,
    resetAfterMs: resetAtMs - nowMs,
    retryAfterMs: isAllowed ? 0 : fullAtMs + tokenMs - periodMs - nowMs,
    next: { kind: "sliding", fullAtMs: wanted },
  };
}

function wholeTokens(spareMs: number, tokenMs: number): number {
  return Math.max(0, Math.floor((spareMs + ROUNDING_MS) / tokenMs));
}

/** The first request starts a window; Reset stands still until it ends. */
function judgeFixed(
  state: BucketState | undefined,
  { limit, periodMs }: BucketNumbers,
  nowMs: number,
): Verdict {
  const isOpen = state?.kind === "fixed" && nowMs < state.resetAtMs - EARLY_MS;
  const resetAtMs = isOpen ? state.resetAtMs : nowMs + periodMs;
  const used = isOpen ? state.used : 0;
  const isAllowed = used < limit;
  return {
    isAllowed,
    limit,
    remaining: isAllowed ? limit - used - 1 : 0,
    resetAtMs,
    resetAfterMs: resetAtMs - nowMs,
    retryAfterMs: isAllowed ? 0 : resetAtMs - nowMs,
    next: { kind: "fixed", resetAtMs, used: used + 1 },
  };
}

/** True when forgetting the bucket changes nothing. */
export function isFull(state: BucketState, nowMs: number): boolean {
  return nowMs >=
    (state.kind === "sliding" ? state.fullAtMs : state.resetAtMs);
}
