import type { Clock } from "../api/clock.ts";

/** A reply this old at the latest is acknowledged: a restart then fetches little twice. */
const ACK_WITHIN_MS = 200;

/** As many replies at the latest are acknowledged at once: bounds what a crash re-reads. */
const ACK_EVERY = 50;

/**
 * Knows which replies of a session this process is done with. Acks are
 * cumulative (rule B4), so the ack stays below the oldest reply still being
 * handled, even when younger ones are done.
 */
export class Acker {
  readonly #clock: Clock;
  /** Sends an ack frame; false when there is no connection to send it on. */
  readonly #send: (seq: number) => boolean;
  /** Received and not yet done, in ascending order. */
  readonly #open = new Set<number>();
  #highest = 0;
  #acked = 0;
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;

  constructor(clock: Clock, send: (seq: number) => boolean) {
    this.#clock = clock;
    this.#send = send;
  }

  /** The highest seq up to which everything is done; 0 when nothing is. */
  get floor(): number {
    for (const oldest of this.#open) return oldest - 1;
    return this.#highest;
  }

  /** Notes a reply; false when it has been received before (rule B11). */
  receive(seq: number): boolean {
    if (seq <= this.#highest) return false;
    this.#highest = seq;
    this.#open.add(seq);
    return true;
  }

  /** The reply has been handled and need not come again. */
  done(seq: number): void {
    if (this.#isStopped || !this.#open.delete(seq)) return;
    const due = this.floor - this.#acked;
    if (due <= 0) return;
    if (due >= ACK_EVERY) return this.flush();
    this.#cancelTimer ??= this.#clock.afterIdly(
      ACK_WITHIN_MS,
      () => this.flush(),
    );
  }

  /** The seq to put on a frame that is leaving anyway; undefined when none is due. */
  take(): number | undefined {
    const { floor } = this;
    if (floor <= this.#acked) return undefined;
    this.#acked = floor;
    this.#stopTimer();
    return floor;
  }

  /** Acknowledges now what is due. */
  flush(): void {
    this.#stopTimer();
    const { floor } = this;
    if (floor > this.#acked && this.#send(floor)) this.#acked = floor;
  }

  /** On a new connection nobody knows whether the last ack arrived. */
  connected(): void {
    this.#acked = 0;
    this.flush();
  }

  /** Its session is over: what is still being handled must not be acknowledged to the next one. */
  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
