import type { Fact, FactSink } from "../domain/fact.ts";
import type { Clock } from "../domain/ports.ts";
import type { WaitingRequest } from "../scheduler/types.ts";

/** Longer than a caller expects, and shorter than the 15 s after which libraries give up. */
const LONG_MS = 5_000;
/** Looked at each time; the oldest come first. */
const LOOKED_AT_MAX = 1_000;
/** Told each time: what waits behind one of them waits for the same. */
const TOLD_MAX = 100;

/** What long waits are told from. */
export interface LongWaitsDeps {
  readonly clock: Clock;
  /** Waiting requests by their arrival, so many at most. */
  readonly waiting: (limit: number) => readonly WaitingRequest[];
  readonly facts: FactSink;
}

/** Tells every five seconds what has waited longer than that: one fact for each caller and line. */
export class LongWaits {
  readonly #deps: LongWaitsDeps;
  #callOff: (() => void) | undefined;
  #isStopped = false;

  constructor(deps: LongWaitsDeps) {
    this.#deps = deps;
  }

  observe(fact: Fact): void {
    if (fact.kind === "queued" && this.#callOff === undefined) this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    this.#callOff?.();
    this.#callOff = undefined;
  }

  #wait(): void {
    if (this.#isStopped) return;
    const { clock } = this.#deps;
    const atMs = clock.nowMs() + LONG_MS;
    this.#callOff = clock.wakeAt(atMs, () => this.#look());
  }

  #look(): void {
    const { clock, waiting, facts } = this.#deps;
    const nowMs = clock.nowMs();
    const found = waiting(LOOKED_AT_MAX);
    this.#callOff = undefined;
    if (found.length > 0) this.#wait();
    const told = new Set<string>();
    for (const { caller, label, major, acceptedAtMs, wait } of found) {
      if (nowMs - acceptedAtMs < LONG_MS || told.size >= TOLD_MAX) return;
      const group = `${caller} ${label} ${major}`;
      if (told.has(group)) continue;
      told.add(group);
      const { reason, earliestAtMs } = wait;
      facts({
        kind: "long_wait",
        caller,
        label,
        waitedMs: nowMs - acceptedAtMs,
        reason,
        leavesInMs: earliestAtMs === undefined
          ? undefined
          : Math.max(0, earliestAtMs - nowMs),
      });
    }
  }
}
