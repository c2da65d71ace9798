import { forgetOldest } from "../../collections/forget_oldest.ts";
import type { LearntRoute } from "../../domain/learnt_state.ts";
import type { BucketReport } from "../../domain/limit_report.ts";

/** What is known of every bucket of one hash, whatever the channel or guild. */
export interface HashFacts {
  readonly hash: string;
  limit: number;
  kind: "unknown" | "sliding" | "fixed";
  /** Time for one token to come back (period / limit); undefined until seen exactly. */
  intervalMs: number | undefined;
  /** The length of the window, if it is a fixed one: the first request of one shows it, others the rest of it. */
  windowMs: number;
  /** That is the whole of it, or more: the next window opens by then. */
  isWindowExact: boolean;
  /**
   * Until then a line never seen before is asked carefully, one request first:
   * its bucket may have been part-used by the process before this one.
   */
  probeUntilMs: number;
  /** The most that were under way together on one counter, and passed. */
  burst: number;
  /**
   * Whether its lines have counters of their own. While that is not known they
   * are taken for one counter: two answers tell, and nothing is lost to a 429.
   */
  spread: "unknown" | "separate" | "common";
}

/** What is known of a route. */
export interface RouteRecord {
  hash: string | undefined;
  flips: number;
  flipsSinceMs: number;
  /** Answers name no bucket: only the global limit binds it. */
  isHeaderless: boolean;
  /** Hashes of the buckets that its 429s named beside its own. */
  readonly seconds: string[];
  /** Its lines share a limit whose 429s are of scope `shared`. */
  isShared: boolean;
  /** 429s in a row, without a success of any of its lines between. */
  readonly suspects: { count: number; lines: Set<string> };
}

/** Changes of one route's hash within a minute before it is believed no more: then it alternates. */
const FLIPS_MAX = 8;
const FLIPS_WITHIN_MS = 60_000;
/** Buckets met beside a route's own: three are known of (deletions of messages, #1295); the oldest is forgotten. */
const SECONDS_MAX = 4;
/**
 * So many 429s in a row, of two lines or more, and no success of a sibling
 * between: the lines lose to each other. By chance three in a row are rare,
 * and lines that do share a counter all lose together.
 */
const SUSPECTS = 3;

/** Everything learnt about hashes and routes. Bounded; the oldest is forgotten. */
export class BucketRegistry {
  readonly #hashes = new Map<string, HashFacts>();
  readonly #routes = new Map<string, RouteRecord>();
  readonly #entriesMax: number;
  #changes = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** How often anything has changed that decides which counters a line has. */
  get changes(): number {
    return this.#changes;
  }

  /** Undefined: nobody has seen an answer of it. */
  recordOf(routeKey: string): RouteRecord | undefined {
    return this.#routes.get(routeKey);
  }

  hashOf(routeKey: string): string | undefined {
    return this.#routes.get(routeKey)?.hash;
  }

  factsOf(hash: string): HashFacts | undefined {
    return this.#hashes.get(hash);
  }

  /** What its route's answers name; undefined before one did. */
  factsOfRoute(routeKey: string): HashFacts | undefined {
    const hash = this.hashOf(routeKey);
    return hash === undefined ? undefined : this.#hashes.get(hash);
  }

  isHeaderless(routeKey: string): boolean {
    return this.#routes.get(routeKey)?.isHeaderless ?? false;
  }

  /** An answer of this route came, whatever it said. */
  noteAnswered(routeKey: string): RouteRecord {
    let route = this.#routes.get(routeKey);
    if (route === undefined) {
      route = {
        hash: undefined,
        flips: 0,
        flipsSinceMs: -Infinity,
        isHeaderless: false,
        seconds: [],
        isShared: false,
        suspects: { count: 0, lines: new Set() },
      };
      this.#changes++;
      this.#routes.set(routeKey, route);
      forgetOldest(this.#routes, this.#entriesMax);
    }
    return route;
  }

  noteHeaderless(routeKey: string): void {
    const route = this.noteAnswered(routeKey);
    if (route.hash === undefined) route.isHeaderless = true;
  }

  /** The facts of a reported bucket, made or brought up to date. */
  learn(report: BucketReport, nowMs: number): HashFacts {
    const exactIntervalMs = intervalOf(report);
    const known = this.#hashes.get(report.hash);
    if (known === undefined) {
      const facts = newFacts(report, exactIntervalMs, nowMs);
      this.#changes++;
      this.#hashes.set(report.hash, facts);
      forgetOldest(this.#hashes, this.#entriesMax);
      return facts;
    }
    if (known.limit !== report.limit) {
      known.limit = report.limit;
      known.intervalMs = undefined;
      known.windowMs = 0;
      known.isWindowExact = false;
    }
    known.windowMs = Math.max(known.windowMs, report.resetAfterMs);
    if (exactIntervalMs !== undefined) {
      known.intervalMs = exactIntervalMs;
      known.windowMs = exactIntervalMs;
      known.isWindowExact = true;
    }
    return known;
  }

  /**
   * Says that `routeKey` answered with `hash`. False when the route changes
   * its hash too often to follow (#1295: some routes answer with several).
   */
  assign(routeKey: string, hash: string, nowMs: number): boolean {
    const route = this.noteAnswered(routeKey);
    route.isHeaderless = false;
    if (route.hash === hash) return true;
    if (route.hash !== undefined) {
      if (nowMs - route.flipsSinceMs > FLIPS_WITHIN_MS) {
        route.flips = 0;
        route.flipsSinceMs = nowMs;
      }
      if (++route.flips > FLIPS_MAX) return false;
    }
    this.#changes++;
    route.hash = hash;
    return true;
  }

  /** A 429 of this route named another bucket than its answers do. */
  addSecond(routeKey: string, hash: string): void {
    const { seconds } = this.noteAnswered(routeKey);
    if (seconds.includes(hash)) return;
    this.#changes++;
    seconds.push(hash);
    if (seconds.length > SECONDS_MAX) seconds.shift();
  }

  /** Lines of this hash have counters of their own, or one for all. */
  setSpread(facts: HashFacts, spread: HashFacts["spread"]): void {
    if (facts.spread === spread) return;
    this.#changes++;
    facts.spread = spread;
  }

  setShared(routeKey: string, isShared: boolean): void {
    const route = this.noteAnswered(routeKey);
    if (route.isShared === isShared) return;
    this.#changes++;
    route.isShared = isShared;
  }

  /** Counts a 429 that nothing known explains; true when siblings explain it. */
  suspect(routeKey: string, line: string): boolean {
    const { suspects } = this.noteAnswered(routeKey);
    suspects.count++;
    if (suspects.lines.size < SUSPECTS) suspects.lines.add(line);
    return suspects.count >= SUSPECTS && suspects.lines.size > 1;
  }

  /** A line of this route got through. */
  clearSuspects(routeKey: string): void {
    const suspects = this.#routes.get(routeKey)?.suspects;
    if (suspects === undefined || suspects.count === 0) return;
    suspects.count = 0;
    suspects.lines.clear();
  }

  /** Something about a line changed that decides which counters it has. */
  touch(): void {
    this.#changes++;
  }

  *all(): Iterable<HashFacts> {
    yield* this.#hashes.values();
  }

  *routes(): Iterable<readonly [routeKey: string, record: RouteRecord]> {
    yield* this.#routes;
  }

  /** Takes over what another process knew of a hash, where nothing is known of it. */
  restore(facts: HashFacts): void {
    if (this.#hashes.has(facts.hash)) return;
    this.#changes++;
    this.#hashes.set(facts.hash, facts);
    forgetOldest(this.#hashes, this.#entriesMax);
  }

  /** The same of a route. */
  restoreRoute(
    { key, hash, isHeaderless, isShared, seconds }: LearntRoute,
  ): void {
    if (this.#routes.has(key)) return;
    const route = this.noteAnswered(key);
    // A route without the facts of its hash would be taken for unmeasured.
    route.hash = hash !== undefined && this.#hashes.has(hash)
      ? hash
      : undefined;
    route.isHeaderless = isHeaderless === true;
    route.isShared = isShared === true;
    route.seconds.push(...seconds ?? []);
  }
}

function newFacts(
  report: BucketReport,
  intervalMs: number | undefined,
  nowMs: number,
): HashFacts {
  const { hash, limit, remaining, resetAfterMs } = report;
  return {
    hash,
    limit,
    kind: limit === 1 ? "sliding" : "unknown",
    intervalMs,
    windowMs: resetAfterMs,
    isWindowExact: intervalMs !== undefined,
    probeUntilMs: nowMs + resetAfterMs * limit / Math.max(1, limit - remaining),
    burst: 1,
    spread: "unknown",
  };
}

/**
 * The time per token, where this one report shows it: the first request into
 * an idle bucket leaves it exactly one token from full. (With limit - remaining
 * = k, `Reset-After` lies between k - 1 and k intervals; only k = 1 is exact.)
 */
function intervalOf(report: BucketReport): number | undefined {
  const isExact = report.limit - report.remaining === 1;
  // A token that comes back in no time would be no limit.
  return isExact && report.resetAfterMs > 0 ? report.resetAfterMs : undefined;
}
