import { type BucketState, isFull, judge, type Verdict } from "./bucket.ts";
import type { BodyFacts } from "./body_facts.ts";
import type { Limiter } from "./rule_book.ts";

/** What limiters may ask about a request. */
export interface LimitedRequest {
  readonly owner: string;
  readonly major: string;
  readonly path: string;
  /** The channel a webhook or an interaction posts to. */
  readonly channel: string;
  /** The guild a channel is in; the channel itself where nobody said. */
  readonly guild: string;
  readonly facts: () => BodyFacts;
  readonly messageAgeMs: () => number;
}

/** What the route's limiters say about one request. */
export interface GateResult {
  /** The limiter a response announces, after this request; undefined when the route has none. */
  readonly shown: Shown | undefined;
  /** The limiter that says no, if one does. */
  readonly refused: Shown | undefined;
}

/** A limiter together with its verdict. */
export interface Shown {
  readonly limiter: Limiter;
  readonly verdict: Verdict;
}

/** Full buckets are dropped when more than this many are kept. */
const BUCKETS_BEFORE_SWEEP = 100_000;

/** All buckets of the simulated Discord. */
export class BucketStore {
  readonly #buckets = new Map<string, BucketState>();
  #sweepAt = BUCKETS_BEFORE_SWEEP;

  /**
   * Asks the announced limiter first: its token is spent even when a hidden
   * one refuses afterwards (a live refusal showed Remaining 4 of 5, #1900).
   */
  pass(
    limiters: readonly Limiter[],
    request: LimitedRequest,
    nowMs: number,
  ): GateResult {
    const counting = limiters.filter((each) => appliesTo(each, request));
    const announced = counting.find((each) => !each.isHidden);
    const shown = announced && this.#judge(announced, request, nowMs);
    if (shown !== undefined) {
      if (!shown.verdict.isAllowed) return { shown, refused: shown };
      this.#keep(shown, request, nowMs);
    }
    const rest = counting.filter((each) => each !== announced)
      .map((each) => this.#judge(each, request, nowMs));
    const refused = rest.find((each) => !each.verdict.isAllowed);
    if (refused === undefined) {
      for (const each of rest) this.#keep(each, request, nowMs);
    }
    return { shown, refused };
  }

  clear(): void {
    this.#buckets.clear();
  }

  #judge(limiter: Limiter, request: LimitedRequest, nowMs: number): Shown {
    const state = this.#buckets.get(keyOf(limiter, request));
    const { limit, periodMs, kind = "sliding" } = limiter;
    return { limiter, verdict: judge(state, { limit, periodMs, kind }, nowMs) };
  }

  #keep(shown: Shown, request: LimitedRequest, nowMs: number): void {
    if (this.#buckets.size >= this.#sweepAt) this.#sweep(nowMs);
    this.#buckets.set(keyOf(shown.limiter, request), shown.verdict.next);
  }

  #sweep(nowMs: number): void {
    for (const [key, state] of this.#buckets) {
      if (isFull(state, nowMs)) this.#buckets.delete(key);
    }
    this.#sweepAt = Math.max(BUCKETS_BEFORE_SWEEP, this.#buckets.size * 2);
  }
}

function keyOf(limiter: Limiter, request: LimitedRequest): string {
  switch (limiter.per) {
    case "identity":
      return `${limiter.counter}|${request.owner}`;
    case "channel":
      return `${limiter.counter}|${request.channel}`;
    case "guild":
      return `${limiter.counter}|${request.owner}|${request.guild}`;
    case "path":
      return `${limiter.counter}|${request.owner}|${request.path}`;
    default:
      return `${limiter.counter}|${request.owner}|${request.major}`;
  }
}

function appliesTo(limiter: Limiter, request: LimitedRequest): boolean {
  const { field, messageAge } = limiter;
  if (field !== undefined && !Object.hasOwn(request.facts(), field)) {
    return false;
  }
  if (messageAge === undefined) return true;
  const ageMs = request.messageAgeMs();
  const { fromMs = -Infinity, toMs = Infinity } = messageAge;
  return ageMs >= fromMs && ageMs < toMs;
}
