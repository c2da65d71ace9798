import type { WireRequest } from "./http/request_reader.ts";
import { originResponse, type SimResponse } from "./model/response.ts";
import type { Sim } from "./sim.ts";

const decoder = new TextDecoder();

/** What can be asked of the simulation itself, with what each path is for. */
const PATHS = {
  "GET /__sim/": "this list",
  "GET /__sim/settings": "the rules, faults and answers in force",
  "POST /__sim/set": "change any of them; what was counted stays",
  "POST /__sim/script": "plan a fault for the next requests that match",
  "POST /__sim/reset":
    "forget buckets, counts, records and ids; options stay, those in the body on top",
  "GET /__sim/report": "the result of the run so far",
  "POST /__sim/report":
    'the same, held against {"expected": ["a1", "a2"]}, the marks that had to be executed',
  "GET /__sim/requests": "what arrived, in the order it was judged",
} as const;

/**
 * Paths of the simulation itself, outside `/api`: how a process that tests or
 * measures talks to a simulated Discord in another process.
 */
export function control(
  request: WireRequest,
  sim: Sim,
): SimResponse | undefined {
  if (!request.target.startsWith("/__sim/")) return undefined;
  const line = `${request.method} ${request.target}`;
  const path = Object.keys(PATHS).find((each) => each === line);
  if (path === undefined) return originResponse(404, text(NOT_FOUND));
  try {
    return originResponse(200, text(act(path, saidIn(request), sim)));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return originResponse(400, text({ message }));
  }
}

const NOT_FOUND = {
  message: "404: GET /__sim/ lists what there is",
  code: 0,
};

/** The JSON object in the body; {} without one. */
function saidIn({ body }: WireRequest): object {
  if (body.length === 0) return {};
  let said: unknown;
  try {
    said = JSON.parse(decoder.decode(body));
  } catch {
    throw new TypeError("Cannot read the body: it is not JSON");
  }
  if (typeof said === "object" && said !== null && !Array.isArray(said)) {
    return said;
  }
  throw new TypeError("Cannot read the body: want a JSON object");
}

function act(path: string, said: object, sim: Sim): unknown {
  switch (path) {
    case "GET /__sim/":
      return PATHS;
    case "GET /__sim/settings":
      return sim.settings();
    case "GET /__sim/report":
      return sim.audit.report();
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
    default:
      sim.script(said as Parameters<Sim["script"]>[0]);
      return {};
  }
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
