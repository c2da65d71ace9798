import type { Clock } from "../../domain/ports.ts";

/**
 * Bodies up to this size never wait behind larger ones: a message must not
 * stand in line for thirty uploads. Discord's JSON bodies are below it.
 */
export const SMALL_BODY_BYTES = 64 * 1024;

/** Callers waiting for room; each is a socket and a closure, some 20 KiB in all. */
const WAITERS_MAX = 1_000;

/** How waiting for room ended. Only `taken` has to be given back. */
export type Taking = "taken" | "late" | "gone" | "crowded";

interface Waiter {
  readonly bytes: number;
  readonly end: (taking: Taking) => void;
}

/** The bytes of request bodies that may be held at once, and the line for them. */
export class HeldBytes {
  readonly #limitBytes: number;
  readonly #clock: Clock;
  #usedBytes = 0;
  /** A set keeps the order of arrival and forgets from the middle at no cost. */
  readonly #waiters = new Set<Waiter>();

  constructor(limitBytes: number, clock: Clock) {
    this.#limitBytes = limitBytes;
    this.#clock = clock;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Takes room that is free right now, and says whether there was. */
  tryTake(bytes: number): boolean {
    const mayPass = this.#waiters.size === 0 || bytes <= SMALL_BODY_BYTES;
    if (!mayPass || this.#usedBytes + bytes > this.#limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  /** Waits in line for room, at most until `untilMs` and while the caller is there. */
  take(
    bytes: number,
    untilMs: number,
    callerGone: AbortSignal,
  ): Promise<Taking> {
    if (this.tryTake(bytes)) return Promise.resolve("taken");
    if (callerGone.aborted) return Promise.resolve("gone");
    if (this.#waiters.size >= WAITERS_MAX) return Promise.resolve("crowded");

    const { promise, resolve } = Promise.withResolvers<Taking>();
    const stopClock = this.#clock.wakeAt(untilMs, () => leave("late"));
    const onGone = () => leave("gone");
    callerGone.addEventListener("abort", onGone);
    const waiter: Waiter = {
      bytes,
      end: (taking) => {
        this.#waiters.delete(waiter);
        stopClock();
        callerGone.removeEventListener("abort", onGone);
        resolve(taking);
      },
    };
    const leave = (taking: Taking) => {
      waiter.end(taking);
      // The one that left may have been all that others waited behind.
      this.#admit();
    };
    this.#waiters.add(waiter);
    return promise;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#admit();
  }

  #admit(): void {
    for (const waiter of this.#waiters) {
      // Nobody overtakes the head, or the largest body would starve.
      if (this.#usedBytes + waiter.bytes > this.#limitBytes) return;
      this.#usedBytes += waiter.bytes;
      waiter.end("taken");
    }
  }
}
