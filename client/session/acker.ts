import type { Clock } from "../api/ports.ts";

/** A handled reply waits at most this long for its acknowledgement: after a restart few replies come twice. */
const ACK_WITHIN_MS = 200;

/** At most this many handled replies wait for their acknowledgement: bounds what comes twice after a crash. */
const ACK_EVERY = 50;

/**
 * Acknowledges the replies of a session that this process has handled. Acks are
 * cumulative (rule B4), so they stay below the oldest reply that is still being
 * handled, even when younger ones are done.
 */
export class Acker {
  readonly #clock: Clock;
  /** Sends an ack frame; false when there is no connection to send it on. */
  readonly #send: (seq: number) => boolean;
  /** Received and not yet handled, in ascending order. */
  readonly #unhandled = new Set<number>();
  #highest = 0;
  #acked = 0;
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;

  constructor(clock: Clock, send: (seq: number) => boolean) {
    this.#clock = clock;
    this.#send = send;
  }

  /** The highest seq up to which every reply has been handled; 0 before the first. */
  get handledUpTo(): number {
    for (const oldest of this.#unhandled) return oldest - 1;
    return this.#highest;
  }

  /** Notes a reply; false when it has been received before (rule B11). */
  received(seq: number): boolean {
    if (seq <= this.#highest) return false;
    this.#highest = seq;
    this.#unhandled.add(seq);
    return true;
  }

  /** The reply has been handled and need not come again. */
  handled(seq: number): void {
    if (this.#isStopped || !this.#unhandled.delete(seq)) return;
    const due = this.handledUpTo - this.#acked;
    if (due <= 0) return;
    if (due >= ACK_EVERY) return this.flush();
    this.#cancelTimer ??= this.#clock.afterIdly(
      ACK_WITHIN_MS,
      () => this.flush(),
    );
  }

  /** Takes the seq to put on a frame that is sent anyway; undefined when none is due. */
  take(): number | undefined {
    const { handledUpTo } = this;
    if (handledUpTo <= this.#acked) return undefined;
    this.#acked = handledUpTo;
    this.#stopTimer();
    return handledUpTo;
  }

  /** Acknowledges now what is due. */
  flush(): void {
    this.#stopTimer();
    const { handledUpTo } = this;
    if (handledUpTo > this.#acked && this.#send(handledUpTo)) {
      this.#acked = handledUpTo;
    }
  }

  /** There is a new connection: acknowledges again, as nobody knows whether the last ack arrived. */
  connected(): void {
    this.#acked = 0;
    this.flush();
  }

  /** The session is over: replies still being handled must not be acknowledged in the next one. */
  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
