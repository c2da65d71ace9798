import type { OnLeave, ProxyRequest } from "./request.ts";
import type { Urgency } from "./urgency.ts";
import { isWithinRoutes, type RoutePattern } from "./route_pattern.ts";

/** How an operator wants requests of some routes to wait, since most libraries cannot say it per request. */
export interface WaitRule {
  /** Undefined: every route. */
  readonly routes: readonly RoutePattern[] | undefined;
  /** The longest time in the queue; undefined: only `REST_MAX_WAIT_MS` counts. */
  readonly waitMs: number | undefined;
  readonly onLeave: OnLeave;
  /** In place of what the caller says; undefined: what it says. */
  readonly urgency: Urgency | undefined;
}

/** The request as the first rule that fits wants it, or as it is where none does. */
export function withRule(
  request: ProxyRequest,
  rules: readonly WaitRule[],
): ProxyRequest {
  const { method, target } = request;
  const rule = rules.find(({ routes }) =>
    routes === undefined || isWithinRoutes(routes, method, target.path)
  );
  if (rule === undefined) return request;
  return {
    ...request,
    urgency: rule.urgency ?? request.urgency,
    longestWaitMs: rule.waitMs,
    onLeave: rule.onLeave,
  };
}
