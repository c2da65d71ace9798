import type { ProxyRequest } from "../../domain/request.ts";
import { hashText } from "../../routes/hash_text.ts";

/**
 * How many scopes there are. Fixed, so that leases are few and renewed in one
 * go, whatever bots and webhooks there are; enough to share among a dozen
 * proxies. All proxies of a cluster must agree on it.
 */
const SCOPE_COUNT = 64;

/** The names of all scopes. */
export const SCOPES: readonly string[] = Array.from(
  { length: SCOPE_COUNT },
  (_, index) => String(index),
);

/**
 * The scope of an identity's requests and sessions. What waits under a bearer
 * token goes on under another one when it is renewed, so all are in one scope.
 */
export function scopeOfIdentity(identityId: string): string {
  const name = identityId.startsWith(BEARER) ? BEARER : identityId;
  return String(Number.parseInt(hashText(name), 36) % SCOPE_COUNT);
}

/** Users' tokens, whosever they are; their limits are few and far from a bot's. */
const BEARER = "bearer:";

/**
 * Whose limits a request spends decides who sends it: its identity's, or a
 * webhook's, or those of one interaction. A callback must be there within 3 s
 * and has a limit of its own, so it leaves from where it came to.
 */
export function scopeOf(
  { identity, route }: Pick<ProxyRequest, "identity" | "route">,
): string | undefined {
  switch (route.lane) {
    case "bot":
      return scopeOfIdentity(identity.id);
    case "webhook":
      return scopeOfIdentity(`webhook:${route.webhookId}`);
    case "interaction":
      return route.label.includes(CALLBACK)
        ? undefined
        : scopeOfIdentity(`interaction:${route.major}`);
  }
}

/** Callbacks are below it, follow-ups below `/webhooks`. */
const CALLBACK = " /interactions/";
