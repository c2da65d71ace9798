import { type BodyFacts, bodyFactsOf } from "./body_facts.ts";
import { type Caller, callerOf } from "./identity.ts";
import { headerOf, type SimRequest } from "./request.ts";
import { type Route, routeOf } from "./router.ts";

/** A request with everything the rules ask about it. */
export interface Arrival {
  readonly request: SimRequest;
  /** Raw path below the version; "" outside the API. */
  readonly path: string;
  /** Raw query with its question mark, or "". */
  readonly query: string;
  readonly route: Route;
  readonly caller: Caller;
  /** Who its buckets are counted by. */
  readonly bucketOwner: string;
  /** Members of the JSON body; read when first asked for. */
  readonly facts: () => BodyFacts;
}

/** The identity of every caller whose path carries a token: they share one. */
const TOKEN_IN_PATH = "token in path";

/** Reads a request. */
export function arrivalOf(request: SimRequest): Arrival {
  const { path, query } = splitTarget(request.target);
  const route = routeOf(request.method, path);
  const authorization = headerOf(request.headers, "authorization");
  const caller = callerOf(authorization, request.remoteIp);
  let facts: BodyFacts | undefined;
  return {
    request,
    path,
    query,
    route,
    caller,
    bucketOwner: route.lane === "bot" ? caller.key : TOKEN_IN_PATH,
    facts: () => facts ??= bodyFactsOf(request),
  };
}

function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf("?");
  const whole = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark);
  const path = /^\/api(?:\/v\d+)?(\/.*)$/s.exec(whole)?.[1] ?? "";
  return { path, query };
}

/** What distinguishes a request from others of its kind, for the auditor. */
export function markOf({ request, facts }: Arrival): string | undefined {
  const { content } = facts();
  if (typeof content === "string") return content;
  return headerOf(request.headers, "x-audit-log-reason");
}
