/** Something that may take only so long. */
export interface Watched {
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
  readonly #watched = new Set<Watched>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** As many ticks as certainly last `ms`: the first one may be due at once. */
  ticksOf(ms: number): number {
    return Math.ceil(ms / this.#tickMs) + 1;
  }

  add(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= setTimeout(this.#tick, this.#tickMs);
  }

  delete(watched: Watched): void {
    this.#watched.delete(watched);
  }

  /** Stops the timer; with nothing to watch it would stop by itself after a tick. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #tick = (): void => {
    this.#timer = this.#watched.size === 0
      ? undefined
      : setTimeout(this.#tick, this.#tickMs);
    for (const watched of this.#watched) {
      if (--watched.ticksLeft <= 0) watched.expire();
    }
  };
}
