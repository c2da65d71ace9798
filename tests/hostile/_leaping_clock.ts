import type { Clock } from "../../rest/domain/ports.ts";

/** The machine's clock, which a test may move past a wait. */
export interface LeapingClock extends Clock {
  /** Waits until something has set a timer at least `ms` ahead, then moves past that. */
  leapOver(ms: number): Promise<void>;
}

interface Alarm {
  readonly atMs: number;
  readonly action: () => void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What is set a moment before it is looked for has lost a few milliseconds. */
const SLACK_MS = 1_000;

export function createLeapingClock(): LeapingClock {
  const alarms = new Set<Alarm>();
  let leaptMs = 0;
  let isSet = Promise.withResolvers<void>();
  const nowMs = () => performance.now() + leaptMs;

  const arm = (alarm: Alarm) => {
    alarm.timer = setTimeout(() => {
      alarms.delete(alarm);
      alarm.action();
    }, Math.max(0, Math.ceil(alarm.atMs - nowMs())));
  };

  return {
    nowMs,
    wallMs: () => Date.now() + leaptMs,
    wakeAt(atMs, action) {
      const alarm: Alarm = { atMs, action, timer: undefined };
      alarms.add(alarm);
      arm(alarm);
      isSet.resolve();
      isSet = Promise.withResolvers();
      return () => {
        alarms.delete(alarm);
        clearTimeout(alarm.timer);
      };
    },
    async leapOver(ms) {
      for (;;) {
        const aheadMs = Math.max(
          ...[...alarms].map(({ atMs }) => atMs - nowMs()),
        );
        if (aheadMs > ms - SLACK_MS) {
          leaptMs += aheadMs + 1;
          break;
        }
        await isSet.promise;
      }
      for (const alarm of alarms) {
        clearTimeout(alarm.timer);
        arm(alarm);
      }
    },
  };
}
