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

/** The bytes of request bodies that may be held at once, and the line for them. */
export interface HeldBytes {
  readonly usedBytes: number;
  readonly waiting: number;
  /** Takes room that is free right now, and says whether there was. */
  tryTake(bytes: number): boolean;
  /** Waits in line for room, at most until `untilMs` and while the caller is there. */
  take(
    bytes: number,
    untilMs: number,
    callerGone: AbortSignal,
  ): Promise<Taking>;
  give(bytes: number): void;
}

interface Waiter {
  readonly bytes: number;
  readonly end: (taking: Taking) => void;
}

/** A budget of `limitBytes`, first come first served. */
export function createHeldBytes(limitBytes: number, clock: Clock): HeldBytes {
  let usedBytes = 0;
  // A set keeps the order of arrival and forgets from the middle at no cost.
  const waiters = new Set<Waiter>();

  function tryTake(bytes: number): boolean {
    const mayPass = waiters.size === 0 || bytes <= SMALL_BODY_BYTES;
    if (!mayPass || usedBytes + bytes > limitBytes) return false;
    usedBytes += bytes;
    return true;
  }

  function admit(): void {
    for (const waiter of waiters) {
      // Nobody overtakes the head, or the largest body would starve.
      if (usedBytes + waiter.bytes > limitBytes) return;
      usedBytes += waiter.bytes;
      waiter.end("taken");
    }
  }

  function take(
    bytes: number,
    untilMs: number,
    callerGone: AbortSignal,
  ): Promise<Taking> {
    if (tryTake(bytes)) return Promise.resolve("taken");
    if (callerGone.aborted) return Promise.resolve("gone");
    if (waiters.size >= WAITERS_MAX) return Promise.resolve("crowded");
    return new Promise((resolve) => {
      const stopClock = clock.wakeAt(untilMs, () => leave("late"));
      const onGone = () => leave("gone");
      callerGone.addEventListener("abort", onGone);
      const waiter: Waiter = {
        bytes,
        end(taking) {
          waiters.delete(waiter);
          stopClock();
          callerGone.removeEventListener("abort", onGone);
          resolve(taking);
        },
      };
      function leave(taking: Taking): void {
        waiter.end(taking);
        // The one that left may have been all that others waited behind.
        admit();
      }
      waiters.add(waiter);
    });
  }

  return {
    get usedBytes() {
      return usedBytes;
    },
    get waiting() {
      return waiters.size;
    },
    tryTake,
    take,
    give(bytes) {
      usedBytes -= bytes;
      admit();
    },
  };
}
