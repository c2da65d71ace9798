import type { Identity } from "../../domain/identity.ts";
import type { Clock, Upstream } from "../../domain/ports.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { routeOf } from "../../routes/route_of.ts";
import type { Scheduler, SchedulerSnapshot } from "../../scheduler/types.ts";
import { discardBody } from "../../streams/answer_streams.ts";

/**
 * There are as many own identities as configured tokens, and callers cannot add
 * any. The bound only limits the effect of a mistake elsewhere.
 */
const IDENTITIES_MAX = 1_000;

/** Brought tokens remembered: as many as may be in doubt at a time. */
const BROUGHT_MAX = 1_000;

/** Routes that every valid token may use, and that cost nothing: a bot's, and one of OAuth2 whatever it may do. */
const OF_BOT = "/users/@me";
const OF_BEARER = "/oauth2/@me";

/** What credential checks are made with. */
export interface CredentialCheckDeps {
  readonly scheduler: Scheduler;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly apiVersion: number;
  /** The scheduler has something new to think about. */
  readonly onChange: () => void;
}

/** Asks Discord whether a token is still good, past the queue. */
export class CredentialChecks {
  readonly #deps: CredentialCheckDeps;
  readonly #own = new Map<string, Identity>();
  readonly #brought = new Map<string, Identity>();

  constructor(deps: CredentialCheckDeps) {
    this.#deps = deps;
  }

  /** Asks about an identity's token, and tells the scheduler. */
  async check(identityId: string): Promise<void> {
    const { scheduler, clock, onChange } = this.#deps;
    const isRejected = await this.isRejected(identityId);
    scheduler.credentialChecked(identityId, isRejected, clock.nowMs());
    onChange();
  }

  /** Remembers an identity's token, since the scheduler knows only its id. */
  know(identity: Identity): void {
    if (identity.kind === "none") return;
    if (identity.isOwn) {
      if (this.#own.size < IDENTITIES_MAX) this.#own.set(identity.id, identity);
      return;
    }
    this.#brought.delete(identity.id);
    this.#brought.set(identity.id, identity);
    if (this.#brought.size <= BROUGHT_MAX) return;
    for (const oldest of this.#brought.keys()) {
      this.#brought.delete(oldest);
      return;
    }
  }

  #identityOf(id: string): Identity | undefined {
    return this.#own.get(id) ?? this.#brought.get(id);
  }

  /** True: Discord says 401. False: it takes the token. Undefined: it said neither. */
  async isRejected(identityId: string): Promise<boolean | undefined> {
    const identity = this.#identityOf(identityId);
    if (identity === undefined) return undefined;
    try {
      const { upstream, apiVersion } = this.#deps;
      const answer = await upstream.send(checkOf(identity, apiVersion));
      discardBody(answer);
      // The verdict is on a token that was replaced meanwhile.
      const now = this.#identityOf(identityId);
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
  const path = identity.kind === "bot" ? OF_BOT : OF_BEARER;
  return {
    method: "GET",
    target: { version, path, query: "" },
    route: routeOf("GET", path, 0),
    headers: [],
    body: undefined,
    identity,
    caller: "proxy",
    urgency: 0,
    isOrdered: false,
    leaveWithinMs: undefined,
  };
}
