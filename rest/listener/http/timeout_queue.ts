import {
  append,
  type Ring,
  type RingNode,
  unlink,
} from "../../collections/ring.ts";
import type { Clock } from "../../domain/ports.ts";

/** Something to be done after the delay, unless it is called off. */
export interface QueuedTimeout extends RingNode<QueuedTimeout> {
  /** Set by the line. */
  atMs: number;
  act(): void;
}

/**
 * Does many things after one and the same delay, with one timer for all: to
 * set and clear a timer for each took longer than to read a small body.
 */
export class TimeoutQueue {
  readonly #clock: Clock;
  readonly #delayMs: number;
  /** In the order of their time, since all wait equally long. */
  readonly #delayed: Ring<QueuedTimeout> = { first: undefined };
  #stopClock: (() => void) | undefined;
  #isRinging = false;

  constructor(clock: Clock, delayMs: number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  get isEmpty(): boolean {
    return this.#delayed.first === undefined;
  }

  /** Has it act after the delay. It must not stand here already. */
  add(delayed: QueuedTimeout): void {
    delayed.atMs = this.#clock.nowMs() + this.#delayMs;
    append(this.#delayed, delayed);
    // Who acts may come again; those between must not wait for it.
    if (this.#isRinging || this.#stopClock !== undefined) return;
    this.#wakeAt(delayed.atMs);
  }

  /** Calls it off; one that was done already is none of its business. */
  remove(delayed: QueuedTimeout): void {
    if (delayed.next !== undefined) unlink(this.#delayed, delayed);
  }

  /**
   * Stops the timer if it has nothing to do. To be called when nothing is
   * under way: stopped with the last of each burst, it would be set for each.
   */
  rest(): void {
    if (!this.isEmpty) return;
    this.#stopClock?.();
    this.#stopClock = undefined;
  }

  /** Forgets everything; nothing will be done any more. */
  stop(): void {
    this.#delayed.first = undefined;
    this.rest();
  }

  /** A timer set for one that was called off rings once for nothing, and is then set for who is first. */
  #wakeAt(atMs: number): void {
    this.#stopClock = this.#clock.wakeAt(atMs, () => {
      this.#stopClock = undefined;
      this.#doDue();
    });
  }

  #doDue(): void {
    const nowMs = this.#clock.nowMs();
    let { first } = this.#delayed;
    this.#isRinging = true;
    while (first !== undefined && first.atMs <= nowMs) {
      unlink(this.#delayed, first);
      first.act();
      first = this.#delayed.first;
    }
    this.#isRinging = false;
    if (first !== undefined) this.#wakeAt(first.atMs);
  }
}
