import { TurnoverMap } from "../collections/turnover_map.ts";
import type { Entry } from "../domain/entry.ts";

/** A write without a name that waits or is in flight, with its place among those of its path. */
export interface OpenWrite<Self> extends Entry {
  /** Counts upwards in the order of acceptance. */
  readonly id: number;
  /** Since when its present caller waits for it (monotonic). */
  readonly sinceMs: number;
  print: string;
  /** Whether somebody waits for it, and it can be taken out of the queue unsent. */
  readonly mayStepBack: boolean;
  /** Whether somebody waits for it. */
  readonly isWanted: boolean;
  older: Self | undefined;
  newer: Self | undefined;
  /** Whether another change of its path was accepted since it was: nobody may take its answer for one of later. */
  isOvertaken: boolean;
}

/** Newest writes that are looked at for a second try: some 50 µs, also when 10,000 callers leave at once. */
const LOOKED_AT_MAX = 1_000;

/** Writes without a name that have not ended, by path. They carry their places themselves, since 100,000 may wait. */
export class OpenWrites<W extends OpenWrite<W>> {
  readonly #newest = new TurnoverMap<string, W>();

  add(write: W): void {
    const { path } = write.request.target;
    const newest = this.#newest.get(path);
    write.older = newest;
    if (newest !== undefined) newest.newer = write;
    this.#newest.set(path, write);
  }

  /** Nothing happens if it is not among them. */
  remove(write: W): void {
    const { older, newer, request: { target: { path } } } = write;
    if (newer !== undefined) newer.older = older;
    else if (this.#newest.get(path) === write) {
      if (older === undefined) this.#newest.delete(path);
      else this.#newest.set(path, older);
    }
    if (older !== undefined) older.newer = newer;
    write.older = undefined;
    write.newer = undefined;
  }

  /** A PUT, PATCH or DELETE of this path is accepted now. Those before an overtaken one are overtaken already. */
  overtake(path: string): void {
    let write = this.#newest.get(path);
    while (write?.isOvertaken === false) {
      write.isOvertaken = true;
      write = write.older;
    }
  }

  /** Those of a path, newest first, as far as anybody looks. */
  *newestOf(path: string): Generator<W, undefined> {
    let write = this.#newest.get(path);
    for (let n = 0; n < LOOKED_AT_MAX && write !== undefined; n++) {
      yield write;
      write = write.older;
    }
  }
}
