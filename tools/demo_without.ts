import { type Sim, startSim } from "../sim/server.ts";
import { DEMO_CALLS, type DemoCall } from "./demo_load.ts";
import { REST } from "./deps.ts";

/** A bot in four processes, as bots of some size run: each counts for itself. */
const PROCESSES = 4;

type Request = Parameters<REST["queueRequest"]>[0];

/**
 * Makes the demo's calls without the proxy: stock @discordjs/rest, once for
 * each process, against a simulated Discord of its own. Returns how many 429s
 * that Discord said.
 */
export async function callsWithoutProxy(
  options: Parameters<typeof startSim>[0],
  token: string,
): Promise<number> {
  const sim = await startSim(options);
  const rests = Array.from(
    { length: PROCESSES },
    () => new REST({ api: sim.url, version: "10" }).setToken(token),
  );
  let turn = 0;
  const asked = DEMO_CALLS.flatMap((call) =>
    Array.from({ length: call.count }, (_, n) => {
      const rest = rests[turn++ % PROCESSES] as REST;
      // It gives up after some tries; what Discord said until then counts.
      return rest.queueRequest(requestOf(call, n)).catch(() => undefined);
    })
  );
  const answers = await Promise.all(asked);
  await Promise.all(answers.map((answer) => answer?.arrayBuffer()));
  const limited = limitedOf(sim);
  for (const rest of rests) {
    rest.clearHandlerSweeper();
    rest.clearHashSweeper();
  }
  await sim.close();
  return limited;
}

function requestOf({ method, path, body }: DemoCall, n: number): Request {
  const fullRoute = path(n) as Request["fullRoute"];
  return {
    fullRoute,
    method: method as Request["method"],
    auth: !fullRoute.startsWith("/interactions/"),
    ...body === undefined ? {} : { body: body(n) },
  };
}

/** 429s that a simulated Discord has said, of every kind. */
export function limitedOf(sim: Sim): number {
  const { limited } = sim.audit.report();
  return Object.values(limited).reduce((sum, count) => sum + count, 0);
}
