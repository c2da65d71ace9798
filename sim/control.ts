import type { WireRequest } from "./http/request_reader.ts";
import { originResponse, type SimResponse } from "./model/response.ts";
import type { Sim } from "./sim.ts";

const decoder = new TextDecoder();

/**
 * Paths of the simulation itself, outside `/api`: how a process that measures
 * talks to a simulated Discord in another process.
 */
export function control(
  request: WireRequest,
  sim: Sim,
): SimResponse | undefined {
  if (!request.target.startsWith("/__sim/")) return undefined;
  try {
    const said: unknown = request.body.length === 0
      ? {}
      : JSON.parse(decoder.decode(request.body));
    const answer = act(`${request.method} ${request.target}`, said, sim);
    return originResponse(answer === undefined ? 404 : 200, text(answer));
  } catch (error) {
    return originResponse(400, text({ message: String(error) }));
  }
}

function act(line: string, said: unknown, sim: Sim): unknown {
  switch (line) {
    case "GET /__sim/report":
      return sim.audit.report();
    // With the marks that had to be executed: {"expected": ["a1", "a2"]}.
    case "POST /__sim/report":
      return sim.audit.report((said as { expected?: string[] }).expected);
    case "GET /__sim/requests":
      return sim.requests().map((request) => ({
        ...request,
        body: decoder.decode(request.body),
      }));
    case "POST /__sim/reset":
      sim.reset(said as Parameters<Sim["reset"]>[0]);
      return {};
    case "POST /__sim/set":
      sim.set(said as Parameters<Sim["set"]>[0]);
      return {};
    case "POST /__sim/script":
      sim.script(said as Parameters<Sim["script"]>[0]);
      return {};
    default:
      return undefined;
  }
}

function text(value: unknown): string {
  return JSON.stringify(value ?? { message: "404: Not Found", code: 0 });
}
