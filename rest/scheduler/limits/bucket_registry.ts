import { forgetOldest } from "../../collections/forget_oldest.ts";
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
  /**
   * Until then a line never seen before is asked carefully, one request first:
   * its bucket may have been part-used by the process before this one.
   */
  probeUntilMs: number;
}

/** Changes of one route's hash within a minute before it is believed no more: then it alternates. */
const FLIPS_MAX = 8;
const FLIPS_WITHIN_MS = 60_000;

interface RouteHash {
  hash: string;
  flips: number;
  flipsSinceMs: number;
}

/** Everything learnt about hashes and which route has which. Bounded; the oldest is forgotten. */
export class BucketRegistry {
  readonly #facts = new Map<string, HashFacts>();
  readonly #routes = new Map<string, RouteHash>();
  readonly #headerless = new Set<string>();
  readonly #entriesMax: number;
  #changes = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** How often anything `hashOf` and `factsOf` tell has changed: while it has not, what they told holds. */
  get changes(): number {
    return this.#changes;
  }

  hashOf(routeKey: string): string | undefined {
    return this.#routes.get(routeKey)?.hash;
  }

  factsOf(hash: string): HashFacts | undefined {
    return this.#facts.get(hash);
  }

  /** True for a route whose answers name no bucket: only the global limit binds it. */
  isHeaderless(routeKey: string): boolean {
    return this.#headerless.has(routeKey);
  }

  noteHeaderless(routeKey: string): void {
    if (this.#routes.has(routeKey)) return;
    this.#headerless.add(routeKey);
    forgetOldest(this.#headerless, this.#entriesMax);
  }

  /** The facts of a reported bucket, made or brought up to date. */
  learn(report: BucketReport, nowMs: number): HashFacts {
    const exactIntervalMs = intervalOf(report);
    const known = this.#facts.get(report.hash);
    if (known === undefined) {
      const facts: HashFacts = {
        hash: report.hash,
        limit: report.limit,
        kind: report.limit === 1 ? "sliding" : "unknown",
        intervalMs: exactIntervalMs,
        windowMs: report.resetAfterMs,
        probeUntilMs: nowMs + report.resetAfterMs *
            report.limit / Math.max(1, report.limit - report.remaining),
      };
      this.#changes++;
      this.#facts.set(report.hash, facts);
      forgetOldest(this.#facts, this.#entriesMax);
      return facts;
    }
    if (known.limit !== report.limit) {
      known.limit = report.limit;
      known.intervalMs = undefined;
      known.windowMs = 0;
    }
    known.windowMs = Math.max(known.windowMs, report.resetAfterMs);
    if (exactIntervalMs !== undefined) {
      known.intervalMs = exactIntervalMs;
      known.windowMs = exactIntervalMs;
    }
    return known;
  }

  /**
   * Says that `routeKey` answered with `hash`. False when the route changes
   * its hash too often to follow (#1295: some routes answer with several).
   */
  assign(routeKey: string, hash: string, nowMs: number): boolean {
    this.#headerless.delete(routeKey);
    const known = this.#routes.get(routeKey);
    if (known === undefined) {
      this.#changes++;
      this.#routes.set(routeKey, { hash, flips: 0, flipsSinceMs: nowMs });
      forgetOldest(this.#routes, this.#entriesMax);
      return true;
    }
    if (known.hash === hash) return true;
    if (nowMs - known.flipsSinceMs > FLIPS_WITHIN_MS) {
      known.flips = 0;
      known.flipsSinceMs = nowMs;
    }
    if (++known.flips > FLIPS_MAX) return false;
    this.#changes++;
    known.hash = hash;
    return true;
  }

  *all(): Iterable<HashFacts> {
    yield* this.#facts.values();
  }
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
