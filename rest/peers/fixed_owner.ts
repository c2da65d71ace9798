import { randomUUID } from "../../deps.ts";
import { RecentMap } from "../collections/recent_map.ts";
import type { ClusterFigures, Owner, Owners, Peer } from "../domain/owners.ts";
import type { ProxyRequest } from "../domain/request.ts";

/** Owners that nobody has to agree on. */
export interface FixedOwners extends Owners {
  /** What a proxy that was asked said of where a scope's owner is; undefined: it could not tell, or not be reached. */
  learn(scope: string, url: string | undefined): void;
}

/** As many scopes as a large number of bots and webhooks have. */
const LEARNT_MIN = 10_000;

/**
 * The owners of a proxy without Redis: `ownerUrl` names the proxy that owns
 * everything, or one that knows better; undefined: we are it ourselves.
 */
export function fixedOwner(ownerUrl: string | undefined): FixedOwners {
  return new Fixed(ownerUrl);
}

const ONLY_A_DOOR: ClusterFigures = {
  owned: 0,
  scopes: 0,
  peers: [],
  isStoreAway: false,
};

class Fixed implements FixedOwners {
  readonly selfId: string = randomUUID();
  readonly #ownerUrl: string | undefined;
  readonly #learnt = new RecentMap<string, string>(LEARNT_MIN);
  readonly #never = new Promise<void>(() => {});
  /** A door tells that it is one; whoever owns everything is alone. */
  readonly figures?: () => ClusterFigures;

  constructor(ownerUrl: string | undefined) {
    this.#ownerUrl = ownerUrl;
    if (ownerUrl !== undefined) this.figures = () => ONLY_A_DOOR;
  }

  scopeOf(request: Pick<ProxyRequest, "identity" | "route">) {
    const { identity, route } = request;
    if (route.lane === "interaction") return undefined;
    if (route.lane === "webhook") return `webhook:${route.webhookId}`;
    return identity.kind === "none" ? undefined : identity.id;
  }

  scopeOfIdentity(identityId: string): string {
    return identityId;
  }

  ownerOf(scope: string): Owner {
    if (this.#ownerUrl === undefined) return { kind: "self" };
    const url = this.#learnt.get(scope) ?? this.#ownerUrl;
    return { kind: "peer", id: url, url };
  }

  whenChanged(_scope: string): Promise<void> {
    return this.#never;
  }

  peers(): readonly Peer[] {
    const url = this.#ownerUrl;
    return url === undefined ? [] : [{ id: url, url, lastSeenMs: 0 }];
  }

  maySend(): boolean {
    return true;
  }

  answerPeer(_question: unknown): unknown {
    return {};
  }

  learn(scope: string, url: string | undefined): void {
    this.#learnt.set(scope, url ?? this.#ownerUrl ?? "");
  }
}
