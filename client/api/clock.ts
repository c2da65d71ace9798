import { monotonicMs, startTimer } from "../wire/runtime.ts";

/** Time and timers, handed in so that a test can own them. */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Runs `action` once after `delayMs`; returns how to call it off. Keeps the process alive. */
  after(delayMs: number, action: () => void): () => void;
  /** The same, but a process with nothing else to do may end before it. */
  afterIdly(delayMs: number, action: () => void): () => void;
}

/** The real clock. */
export const systemClock: Clock = {
  nowMs: monotonicMs,
  after: (delayMs, action) => startTimer(delayMs, action, KEEPS_ALIVE),
  afterIdly: (delayMs, action) => startTimer(delayMs, action, LETS_EXIT),
};

const KEEPS_ALIVE = true;
const LETS_EXIT = false;
