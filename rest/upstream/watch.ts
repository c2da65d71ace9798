import {
  append,
  type Ring,
  type RingNode,
  unlink,
} from "../collections/ring.ts";

/** Something that may take only so long; in one watch at a time. */
export interface Watched extends RingNode<Watched> {
  /** Ticks it still has. Whoever sees progress sets it anew. */
  ticksLeft: number;
  /** Its time is over. */
  expire(): void;
}

/**
 * Ends what takes too long: one timer for all, instead of three in turn for
 * each request.
 *
 * It counts ticks and reads no clock, so a process that stood still (a
 * suspended machine, a starved processor) does not take its own absence for
 * silence of Discord's. The price is precision: up to two ticks late.
 */
export class Watch {
  readonly #tickMs: number;
  readonly #watched: Ring<Watched> = { first: undefined };
  #size = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  get size(): number {
    return this.#size;
  }

  /** As many ticks as certainly last `ms`: the first one may be due at once. */
  ticksOf(ms: number): number {
    return Math.ceil(ms / this.#tickMs) + 1;
  }

  add(watched: Watched): void {
    append(this.#watched, watched);
    this.#size++;
    this.#timer ??= setTimeout(this.#tick, this.#tickMs);
  }

  /** Nothing happens if it is not watched. */
  delete(watched: Watched): void {
    if (watched.next === undefined) return;
    unlink(this.#watched, watched);
    this.#size--;
  }

  /** Stops the timer; with nothing to watch it would stop by itself after a tick. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #tick = (): void => {
    this.#timer = this.#size === 0
      ? undefined
      : setTimeout(this.#tick, this.#tickMs);
    for (const watched of this.#countDown()) {
      // The end of one may have been the end of another.
      if (watched.next !== undefined) watched.expire();
    }
  };

  /** Takes a tick from each, and gives those whose last it was: ending them takes them out. */
  #countDown(): Watched[] {
    const over: Watched[] = [];
    const { first } = this.#watched;
    let watched = first;
    while (watched !== undefined) {
      if (--watched.ticksLeft <= 0) over.push(watched);
      watched = watched.next === first ? undefined : watched.next;
    }
    return over;
  }
}
