import type { EntryRef, Outcome } from "../domain/entry.ts";
import type { HandedOver } from "../domain/owners.ts";
import { type KeptBodies, keptBytesOf } from "./kept_bodies.ts";

/** A request that may be asked for again, and what came of it. */
export interface Kept {
  /** Undefined while it is under way. */
  outcome: Outcome | undefined;
  /** When it is forgotten (monotonic); set with the outcome. */
  untilMs: number;
  /** What a journal knows it as, once it is through; undefined where there is none. */
  entry: EntryRef | undefined;
}

/** Of one that is under way. */
export const NO_OUTCOME: Kept = {
  outcome: undefined,
  untilMs: 0,
  entry: undefined,
};

/** What outcomes are kept with. */
export interface KeptOutcomesDeps {
  readonly bodies: KeptBodies;
  /** Nobody can ask for this outcome any more. */
  readonly onForget: (kept: Kept) => void;
}

/** Requests of one kind that may be asked for again; those that are through for the same time each. */
export abstract class KeptOutcomes<K extends Kept> {
  readonly #deps: KeptOutcomesDeps;
  /** In the order of their ends. */
  readonly #ended = new Set<K>();

  constructor(deps: KeptOutcomesDeps) {
    this.#deps = deps;
  }

  /** It can be found no more. */
  protected abstract hide(kept: K): void;

  /** How many are through. */
  protected get endedCount(): number {
    return this.#ended.size;
  }

  /** It is through; its body may be given up to make room, that it was done never: it could be done twice. */
  protected keep(kept: K, outcome: Outcome, untilMs: number): void {
    kept.outcome = outcome;
    kept.untilMs = untilMs;
    this.#ended.add(kept);
    if (outcome.kind !== "answer") return;
    const { status } = outcome.answer;
    this.#deps.bodies.hold(kept, keptBytesOf(outcome.answer), () => {
      kept.outcome = { kind: "shortened", status };
    });
  }

  /** Without a word: it is in somebody's hands again. */
  remove(kept: K): void {
    this.#ended.delete(kept);
    this.#deps.bodies.release(kept);
    this.hide(kept);
  }

  forget(kept: K): void {
    this.remove(kept);
    if (kept.outcome !== undefined) this.#deps.onForget(kept);
  }

  /** False: none is through. */
  forgetOldest(): boolean {
    const [oldest] = this.#ended;
    if (oldest !== undefined) this.forget(oldest);
    return oldest !== undefined;
  }

  /** Forgets what has been kept long enough. */
  expire(nowMs: number): void {
    for (const kept of this.#ended) {
      if (kept.untilMs > nowMs) return;
      this.forget(kept);
    }
  }

  /** Without a word: another process goes on with it. */
  release(handed: HandedOver): void {
    for (const kept of this.#ended) {
      const { entry } = kept;
      if (entry && handed.hasRequest(entry.request)) this.remove(kept);
    }
  }
}
