import type { Sim } from "../sim/server.ts";
import { callChannel } from "./demo_load.ts";

/** As many messages as take a channel half a minute. */
const FLOOD = 30;
/** Answers that Discord fails to give. */
const OUTAGE = 60;

/** What the demo's page lets one try. */
export function demoButtons(
  sim: Sim,
  baseUrl: () => string,
  key: string,
): Readonly<Record<string, () => void>> {
  return {
    "Flood a channel": () => {
      for (let n = 0; n < FLOOD; n++) void callChannel(baseUrl(), key, n);
    },
    "Discord goes down": () => {
      sim.script({ fault: { kind: "status", status: 503 }, times: OUTAGE });
      for (let n = 0; n < FLOOD; n++) void callChannel(baseUrl(), key, n);
    },
    "Bad token": () => {
      const fault = {
        kind: "answer",
        status: 401,
        body: '{"message":"401: Unauthorized","code":0}',
      } as const;
      // The call, and the check that believes it or does not.
      sim.script({ fault, times: 3 });
      void callChannel(baseUrl(), key, 0);
    },
  };
}
