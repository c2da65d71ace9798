import type { Clock } from "../domain/ports.ts";

/** The longest a timer may be set to; runtimes fire longer ones at once. */
const TIMER_MAX_MS = 2_147_483_647;

/** The clock of the machine; the only one outside tests. */
export const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  wakeAt(atMs, action) {
    let timer = setTimer(atMs, ring);
    function ring(): void {
      if (performance.now() < atMs) timer = setTimer(atMs, ring);
      else action();
    }
    return () => clearTimeout(timer);
  },
};

/**
 * Rounded down: a timer rings some 1.3 ms after its whole milliseconds (Deno
 * 2.9.6, seen 2026-11), and a bucket's token that is free and not asked for is
 * lost. One that rings early all the same is set once more.
 */
function setTimer(
  atMs: number,
  ring: () => void,
): ReturnType<typeof setTimeout> {
  const delayMs = Math.floor(atMs - performance.now());
  return setTimeout(ring, Math.min(Math.max(0, delayMs), TIMER_MAX_MS));
}
