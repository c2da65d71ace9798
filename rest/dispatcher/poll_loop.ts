import type { Clock } from "../domain/ports.ts";
import type { Poll, Scheduler } from "../scheduler/types.ts";

/** What the poll loop drives, and who acts on what a poll says. */
export interface PollLoopDeps {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** Acts on the result of a poll. The loop itself handles its wake-up. */
  readonly act: (poll: Poll, nowMs: number) => void;
}

/**
 * Polls the scheduler: after each event, and at the moment that the scheduler
 * names. Owns the only timer of the queue.
 */
export class PollLoop {
  readonly #deps: PollLoopDeps;
  #isDue = false;
  #isStopped = false;
  #wakeAtMs: number | undefined;
  #callOff: (() => void) | undefined;

  constructor(deps: PollLoopDeps) {
    this.#deps = deps;
  }

  /** Polls once at the end of this turn of the event loop, however often it is called. */
  soon(): void {
    if (this.#isDue || this.#isStopped) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#poll();
    });
  }

  /** Stops the timer; the scheduler is not polled any more. */
  stop(): void {
    this.#isStopped = true;
    this.#disarm();
  }

  #poll(): void {
    if (this.#isStopped) return;
    const { scheduler, clock, act } = this.#deps;
    const nowMs = clock.nowMs();
    const poll = scheduler.poll(nowMs);
    this.#arm(poll.wakeAtMs);
    act(poll, nowMs);
  }

  /**
   * Sets the timer only if it would ring too late. A timer that rings too early
   * costs one idle poll; setting it after every poll cost more than the rest of a
   * request.
   */
  #arm(wakeAtMs: number | undefined): void {
    if (wakeAtMs === undefined) return this.#disarm();
    if (this.#wakeAtMs !== undefined && this.#wakeAtMs <= wakeAtMs) return;
    this.#disarm();
    this.#wakeAtMs = wakeAtMs;
    this.#callOff = this.#deps.clock.wakeAt(wakeAtMs, () => {
      this.#wakeAtMs = undefined;
      this.#callOff = undefined;
      this.#poll();
    });
  }

  #disarm(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#wakeAtMs = undefined;
  }
}
