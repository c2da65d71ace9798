import type { ReceivedRequest, Sim } from "../../sim/server.ts";

/** Far longer than anything takes that these tests wait for. */
const WAIT_MS = 30_000;

/** A call that Discord executed. */
export interface Arrived {
  /** Method and path, without version and query. */
  readonly line: string;
  readonly body: string;
}

/** The calls that a simulated Discord executed, once they satisfy `isEnough`; rejects with `ended`. */
export async function arrived(
  sim: Sim,
  ended: Promise<never>,
  isEnough: (calls: readonly Arrived[]) => boolean,
): Promise<readonly Arrived[]> {
  const untilMs = performance.now() + WAIT_MS;
  for (;;) {
    const calls = sim.requests().filter(({ executed }) => executed).map(callOf);
    if (isEnough(calls)) return calls;
    if (performance.now() > untilMs) {
      throw new Error(`Waited in vain; so far: ${JSON.stringify(calls)}`);
    }
    await Promise.race([delayed(10), ended]);
  }
}

function callOf({ method, target, body }: ReceivedRequest): Arrived {
  const path = target.replace(/^\/api\/v\d+/, "").replace(/\?.*$/, "");
  return {
    line: `${method} ${path}`,
    body: new TextDecoder().decode(body),
  };
}

function delayed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
