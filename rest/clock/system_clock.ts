import type { Clock } from "../domain/ports.ts";

/** The longest a timer may be set to; runtimes fire longer ones at once. */
const TIMER_MAX_MS = 2_147_483_647;

/** The clock of the machine; the only one outside tests. */
export const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  wakeAt(atMs, action) {
    // Rounded up: a timer that fires early would only have to be set once more.
    const delayMs = Math.ceil(atMs - performance.now());
    const timer = setTimeout(
      action,
      Math.min(Math.max(0, delayMs), TIMER_MAX_MS),
    );
    return () => clearTimeout(timer);
  },
};
