import type { Identity } from "../../domain/identity.ts";
import type { Upstream } from "../../domain/ports.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { routeOf } from "../../routes/route_of.ts";
import type { SchedulerSnapshot } from "../../scheduler/types.ts";
import { discardBody } from "../../streams/answer_streams.ts";

/**
 * There are as many own identities as configured tokens, and callers cannot add
 * any. The bound only limits the effect of a mistake elsewhere.
 */
const IDENTITIES_MAX = 1_000;

/** A route that every valid token may use, and that costs nothing. */
const PATH = "/users/@me";
const ROUTE = routeOf("GET", PATH, 0);

/** Asks Discord whether a token is still good, past the queue. */
export class CredentialChecks {
  readonly #upstream: Upstream;
  readonly #apiVersion: number;
  readonly #identities = new Map<string, Identity>();

  constructor(upstream: Upstream, apiVersion: number) {
    this.#upstream = upstream;
    this.#apiVersion = apiVersion;
  }

  /** Remembers an identity's token, since the scheduler knows only its id. */
  know(identity: Identity): void {
    if (!identity.isOwn || this.#identities.size >= IDENTITIES_MAX) return;
    this.#identities.set(identity.id, identity);
  }

  /** True: Discord says 401. False: it takes the token. Undefined: it said neither. */
  async isRejected(identityId: string): Promise<boolean | undefined> {
    const identity = this.#identities.get(identityId);
    if (identity === undefined) return undefined;
    try {
      const answer = await this.#upstream.send(
        checkOf(identity, this.#apiVersion),
      );
      discardBody(answer);
      // The verdict is on a token that was replaced meanwhile.
      const now = this.#identities.get(identityId);
      const isOld = now?.authorization?.reveal() !==
        identity.authorization?.reveal();
      if (isOld) return await this.isRejected(identityId);
      if (answer.status === 401) return true;
      return answer.status === 200 ? false : undefined;
    } catch {
      return undefined; // No answer is no verdict; the scheduler asks again.
    }
  }
}

/** Whether a new token of this identity is to be checked: its old one was rejected, and no block forbids to ask. */
export function isCheckDue(
  { breaker, identities }: SchedulerSnapshot,
  identityId: string,
): boolean {
  const identity = identities.find(({ id }) => id === identityId);
  return identity?.credential === "rejected" && breaker.state === "closed";
}

function checkOf(identity: Identity, version: number): ProxyRequest {
  return {
    method: "GET",
    target: { version, path: PATH, query: "" },
    route: ROUTE,
    headers: [],
    body: undefined,
    identity,
    caller: "proxy",
    urgency: 0,
    isOrdered: false,
    leaveWithinMs: undefined,
  };
}
