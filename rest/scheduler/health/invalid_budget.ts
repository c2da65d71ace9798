import {
  isKeyless,
  KEYLESS,
  KEYLESS_SHARE,
  keyNameOf,
} from "../../domain/caller.ts";
import { forgetOldest } from "../../collections/forget_oldest.ts";
import type { LearntCounts, LearntInvalid } from "../../domain/learnt_state.ts";
import { SlidingCount } from "./sliding_count.ts";
import type { Refused } from "../types.ts";

/**
 * Counts invalid requests: Discord blocks an address for an hour or more after
 * 10,000 answers of 401, 403 or 429 (shared ones apart) in 10 minutes
 * (Discord docs, "Invalid Request Limit"). Whether its window slides is not
 * documented; ours does, which is right for both.
 *
 * Where several keys share the address, each has a share of the ceiling: one
 * that fails and fails is stopped while the others have room left.
 */

const WINDOW_MS = 600_000;
/** From this share of the ceiling on, only routes that have not been failing go out. */
const NEAR_SHARE = 0.8;
/** From here on a single key's failing routes are refused. */
const KEY_NEAR_SHARE = 0.6;
/** And here all of the key's: paths can be made up without end. Below `NEAR_SHARE`, so that others are not stopped for it. */
const KEY_SHARE = 0.7;
/** Below it nobody's routes are refused: callers without a key are the first. */
const FAR_SHARE = KEYLESS_SHARE * NEAR_SHARE;
/** Failing routes remembered; one route fails for many reasons, a bot has a few hundred routes. */
const FAILING_MAX = 4_096;
/** Keys counted: a hundred can be configured, and a few names are the proxy's own. */
const KEYS_MAX = 256;

const MS_PER_S = 1_000;

/** Now, and how moments of the calendar become ours. */
interface LearntClock {
  readonly nowMs: number;
  readonly atMs: (wallMs: number) => number;
}

/** Whose share of the budget is used up when a request may not go: everybody's, or that of its own key. */
export type Exhausted = "all" | "key";

/** Tells which requests may go while the budget for invalid requests runs out. */
export class InvalidBudget {
  readonly ceiling: number;
  readonly #isShared: boolean;
  readonly #total = new SlidingCount();
  readonly #byKey = new Map<string, SlidingCount>();
  readonly #failing = new Map<string, number>();

  /** `isShared`: several keys use it, and each has its share. */
  constructor(ceiling: number, isShared = false) {
    this.ceiling = ceiling;
    this.#isShared = isShared;
  }

  /** Those of other proxies behind the same address, which Discord counts together with ours. */
  others = 0;

  count(nowMs: number): number {
    return this.ownCount(nowMs) + this.others;
  }

  /** Those of this proxy alone. */
  ownCount(nowMs: number): number {
    return this.#total.count(nowMs);
  }

  /** The answers that this caller's key has had. */
  countOf(caller: string, nowMs: number): number {
    return this.#byKey.get(keyNameOf(caller))?.count(nowMs) ?? 0;
  }

  note(routeKey: string, nowMs: number, caller = ""): void {
    const name = keyNameOf(caller);
    this.#total.note(nowMs);
    let own = this.#byKey.get(name);
    if (own === undefined) {
      own = new SlidingCount();
      this.#byKey.set(name, own);
      forgetOldest(this.#byKey, KEYS_MAX);
    }
    own.note(nowMs);
    const failing = failingOf(name, routeKey);
    this.#failing.delete(failing);
    this.#failing.set(failing, nowMs);
    forgetOldest(this.#failing, FAILING_MAX);
  }

  /** The counts of the last ten minutes, for the next process. Which routes failed it finds out anew. */
  learnt(nowMs: number, wallOf: (atMs: number) => number): LearntInvalid {
    const countsOf = (count: SlidingCount): LearntCounts =>
      [...count.moments(nowMs)].map(([atMs, times]) => [
        Math.floor(wallOf(atMs) / MS_PER_S),
        times,
      ]);
    return {
      all: countsOf(this.#total),
      keys: [...this.#byKey].map(([name, count]) => [name, countsOf(count)]),
    };
  }

  /** Counts what another process had counted. */
  restore({ all, keys }: LearntInvalid, { nowMs, atMs }: LearntClock): void {
    const add = (count: SlidingCount, counts: LearntCounts) => {
      for (const [atWallS, times] of counts) {
        count.noteFormer(atMs(atWallS * MS_PER_S), times, nowMs);
      }
    };
    add(this.#total, all);
    for (const [name, counts] of keys.slice(0, KEYS_MAX)) {
      const own = this.#byKey.get(name) ?? new SlidingCount();
      add(own, counts);
      this.#byKey.set(name, own);
    }
  }

  /** Whether a request of this route may be sent. */
  allows(routeKey: string, nowMs: number, caller = ""): boolean {
    return this.exhaustedFor(routeKey, nowMs, caller) === undefined;
  }

  /** Why a request of this route may not be sent; undefined: it may. */
  exhaustedFor(
    routeKey: string,
    nowMs: number,
    caller = "",
  ): Exhausted | undefined {
    const { ceiling } = this;
    if (this.isFar(nowMs)) return undefined;
    if (this.count(nowMs) >= ceiling) return "all";
    if (isKeyless(caller)) {
      return this.#keylessExhausted(routeKey, nowMs, caller);
    }
    const own = this.#isShared ? this.countOf(caller, nowMs) : 0;
    if (own >= ceiling * KEY_SHARE) return "key";
    const isKeyNear = own >= ceiling * KEY_NEAR_SHARE;
    if (!isKeyNear && !this.isNear(nowMs)) return undefined;
    if (!this.#isFailing(routeKey, nowMs, caller)) return undefined;
    return isKeyNear ? "key" : "all";
  }

  /** Callers without a key have a share of their own, and take nothing of the others'. */
  #keylessExhausted(
    routeKey: string,
    nowMs: number,
    caller: string,
  ): Exhausted | undefined {
    const share = this.ceiling * KEYLESS_SHARE;
    const own = this.countOf(caller, nowMs);
    if (own >= share) return "key";
    const isNear = own >= share * NEAR_SHARE;
    return isNear && this.#isFailing(routeKey, nowMs, caller)
      ? "key"
      : undefined;
  }

  /** Whether every route of everybody may go, which is nearly always: no key can have had more answers than all of them. */
  isFar(nowMs: number): boolean {
    return this.count(nowMs) < this.ceiling * FAR_SHARE;
  }

  /** Whether callers with a key are near what those without have left them. */
  isNear(nowMs: number): boolean {
    const keyless = this.countOf(KEYLESS, nowMs);
    const count = this.count(nowMs) - keyless;
    return count >= (this.ceiling - keyless) * NEAR_SHARE;
  }

  /** Whether this caller's key has used up its share. */
  isKeyNear(caller: string, nowMs: number): boolean {
    return this.#isShared &&
      this.countOf(caller, nowMs) >= this.ceiling * KEY_NEAR_SHARE;
  }

  /** When the oldest counted answers leave the window: the soonest anything changes. */
  easesAtMs(nowMs: number): number {
    return this.#total.easesAtMs(nowMs);
  }

  /** What a caller is told whose request may not go. */
  refusal(share: Exhausted, caller: string, nowMs: number): Refused {
    const own = share === "key"
      ? this.#byKey.get(keyNameOf(caller))
      : this.#total;
    const count = own?.count(nowMs) ?? 0;
    const easesAtMs = own?.easesAtMs(nowMs) ?? nowMs;
    const whose = isKeyless(caller)
      ? "of callers without a key in 10 minutes, more than their share"
      : "of this key in 10 minutes, more than its share";
    const why = share === "key"
      ? `${count} invalid requests ${whose} of ${this.ceiling}`
      : `${count} invalid requests in 10 minutes, at ${this.ceiling} nothing is sent so that Discord does not block this address`;
    return {
      code: "invalid_budget",
      message: `Cannot queue request: ${why}`,
      retryAfterMs: Math.max(1_000, easesAtMs - nowMs),
    };
  }

  #isFailing(routeKey: string, nowMs: number, caller: string): boolean {
    const lastMs = this.#failing.get(failingOf(keyNameOf(caller), routeKey));
    return lastMs !== undefined && nowMs - lastMs < WINDOW_MS;
  }
}

/** What one key may not do another may: a route fails for a key, not for all. */
function failingOf(name: string, routeKey: string): string {
  return `${name} ${routeKey}`;
}
