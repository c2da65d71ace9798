import {
  append,
  type Ring,
  type RingNode,
  unlink,
} from "../collections/ring.ts";

/** Something that may take a limited time. It can be in one `Timeouts` only. */
export interface Timed extends RingNode<Timed> {
  /** Ticks that are left. Whoever sees progress sets the number anew. */
  ticksLeft: number;
  /** Called when no tick is left. */
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
export class Timeouts {
  readonly #tickMs: number;
  readonly #timed: Ring<Timed> = { first: undefined };
  #size = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  get size(): number {
    return this.#size;
  }

  /** The number of ticks that certainly lasts `ms`: one more, since the first may be due at once. */
  ticksOf(ms: number): number {
    return Math.ceil(ms / this.#tickMs) + 1;
  }

  add(timed: Timed): void {
    append(this.#timed, timed);
    this.#size++;
    this.#timer ??= setTimeout(this.#tick, this.#tickMs);
  }

  /** Takes it out; nothing happens if it is not in. */
  delete(timed: Timed): void {
    if (timed.next === undefined) return;
    unlink(this.#timed, timed);
    this.#size--;
  }

  /** Stops the timer. Without anything to time it would stop by itself after a tick. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #tick = (): void => {
    this.#timer = this.#size === 0
      ? undefined
      : setTimeout(this.#tick, this.#tickMs);
    for (const timed of this.#countDown()) {
      // The end of one may have been the end of another.
      if (timed.next !== undefined) timed.expire();
    }
  };

  /** Takes a tick from each, and gives those whose last it was: ending them takes them out. */
  #countDown(): Timed[] {
    const over: Timed[] = [];
    const { first } = this.#timed;
    let timed = first;
    while (timed !== undefined) {
      if (--timed.ticksLeft <= 0) over.push(timed);
      timed = timed.next === first ? undefined : timed.next;
    }
    return over;
  }
}
