import type { Clock } from "../rest/domain/ports.ts";

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves on, ringing what is due in its order and letting each finish. */
  advance(ms: number): Promise<void>;
  /** Lets everything that waits for no timer finish. */
  settle(): Promise<void>;
  /** Timers that are set. */
  readonly timerCount: number;
  /** Timers that were ever set. */
  readonly timersSet: number;
}

/** Longer than any chain of promises between two timers. */
const MICROTASKS = 60;

const WALL_START_MS = 1_700_000_000_000;

export function createManualClock(startMs = 0): ManualClock {
  let nowMs = startMs;
  let nextId = 0;
  const timers = new Map<number, { atMs: number; action: () => void }>();

  const settle = async () => {
    for (let turn = 0; turn < MICROTASKS; turn++) await undefined;
  };

  const takeDue = (untilMs: number) => {
    let due: [id: number, atMs: number] | undefined;
    for (const [id, { atMs }] of timers) {
      if (atMs <= untilMs && (due === undefined || atMs < due[1])) {
        due = [id, atMs];
      }
    }
    if (due === undefined) return undefined;
    const timer = timers.get(due[0]);
    timers.delete(due[0]);
    return timer;
  };

  return {
    nowMs: () => nowMs,
    wallMs: () => WALL_START_MS + nowMs,
    wakeAt(atMs, action) {
      const id = nextId++;
      timers.set(id, { atMs, action });
      return () => timers.delete(id);
    },
    settle,
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (;;) {
        const timer = takeDue(untilMs);
        if (timer === undefined) break;
        nowMs = Math.max(nowMs, timer.atMs);
        timer.action();
        await settle();
      }
      nowMs = untilMs;
    },
    get timerCount() {
      return timers.size;
    },
    get timersSet() {
      return nextId;
    },
  };
}
