import type { Clock } from "../rest/domain/ports.ts";
import type { Sim } from "../sim/server.ts";

/** As many messages as take a channel half a minute. */
const FLOOD = 30;
/** How long Discord is down: long enough to be looked at, short enough to be waited for. */
export const OUTAGE_MS = 12_000;
/** Calls go on after the outage until none of the last answers on the page is from it. */
const CALLS_FOR_MS = 26_000;
/** Four calls a second, each to a channel of its own: none has to wait. */
const CALL_EVERY_MS = 250;
const CHANNELS = 4;
/** A call and the check that follows it are answered long before. */
const BAD_TOKEN_MS = 5_000;

const DOWN = { kind: "status", status: 503 } as const;
const UNAUTHORIZED = {
  kind: "answer",
  status: 401,
  body: '{"message":"401: Unauthorized","code":0}',
} as const;

/** What the demo's page lets one try; what a button breaks is well again after some seconds. */
export function demoButtons(
  sim: Pick<Sim, "set" | "script">,
  call: (n: number, channel: number) => void,
  clock: Clock,
): Readonly<Record<string, () => void>> {
  let callOffs: Array<() => void> = [];
  const later = (afterMs: number, action: () => void) => {
    callOffs.push(clock.wakeAt(clock.nowMs() + afterMs, action));
  };
  const heal = () => sim.set({ faults: [], script: [] });
  const begin = () => {
    for (const callOff of callOffs) callOff();
    callOffs = [];
    heal();
  };
  return {
    "Flood a channel": () => {
      for (let n = 0; n < FLOOD; n++) call(n, 0);
    },
    "Discord goes down": () => {
      begin();
      sim.set({ faults: [{ fault: DOWN, probability: 1 }] });
      later(OUTAGE_MS, heal);
      const calls = CALLS_FOR_MS / CALL_EVERY_MS;
      for (let n = 0; n < calls; n++) {
        later(n * CALL_EVERY_MS, () => call(n, 1 + n % CHANNELS));
      }
    },
    "Bad token": () => {
      begin();
      // The call, and the check that believes it or does not.
      sim.script({ fault: UNAUTHORIZED, times: 2 });
      later(BAD_TOKEN_MS, heal);
      call(0, 0);
    },
    "All well again": begin,
  };
}
