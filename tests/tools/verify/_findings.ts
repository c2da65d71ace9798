import type {
  Findings,
  RouteFinding,
  RouteLimit,
} from "../../../tools/verify/findings.ts";

export const LIMIT: RouteLimit = {
  limit: 5,
  resetAfterMs: 1_000,
  kind: "sliding",
  bucket: "hash-one",
};

export function routeOf(change: Partial<RouteFinding> = {}): RouteFinding {
  return {
    route: "POST /channels/{id}/messages",
    isGuess: false,
    limit: LIMIT,
    refused: undefined,
    ...change,
  };
}

export function findingsOf(change: Partial<Findings> = {}): Findings {
  return {
    routes: [routeOf()],
    facts: new Map([["one nonce twice, enforced", "one message"]]),
    requests: 62,
    invalid: 2,
    stopped: undefined,
    ...change,
  };
}
