import type { Clock, Submitter } from "./domain/ports.ts";
import type { Authorizer } from "./listener/access/authorize.ts";
import { type BotRing, identityOf } from "./listener/access/bot_ring.ts";
import type { ManagerDeps } from "./manager/join_queue.ts";
import { parseTarget } from "./routes/parse_target.ts";
import { routeOf } from "./routes/route_of.ts";

/** What discordeno's manager needs so that its calls wait in the same queue. */
export function managerDepsOf(
  { apiVersion }: { readonly apiVersion: number },
  { submitter, authorizer, clock }: {
    readonly submitter: Submitter;
    readonly authorizer: Authorizer;
    readonly clock: Clock;
  },
  bots: BotRing,
): ManagerDeps {
  return {
    submitter,
    apiVersion,
    parseTarget,
    routeOf: (method, path) => routeOf(method, path, clock.wallMs()),
    identityOf(authorization, route) {
      const brought = authorization === undefined
        ? undefined
        : identityOf(authorization, bots);
      const proof = {
        keyName: "manager",
        key: undefined,
        brought,
        botId: null,
      };
      return authorizer.identityFor(proof, route);
    },
  };
}
