import type { ProxyRequest } from "./request.ts";

/**
 * Of several proxies in front of one bot one sends its requests: their owner.
 * What has one owner is a scope. There are as many scopes whatever bots there
 * are: identities and webhooks are spread over them by hashes of their ids.
 */

/** Who sends the requests of a scope now. */
export type Owner =
  | { readonly kind: "self" }
  | { readonly kind: "peer"; readonly id: string; readonly url: string }
  /** Its owner is gone, or hands it over; `sinceMs` on the machine's clock. */
  | { readonly kind: "nobody"; readonly sinceMs: number };

/** Another proxy of the same cluster. */
export interface Peer {
  /** New with each start. */
  readonly id: string;
  /** What its `REST_PEER_URL` says, without a slash at the end. */
  readonly url: string;
  /** When it last renewed its leases, as far as we know, on our clock. */
  readonly lastSeenMs: number;
}

/** Tells which proxy sends what. Doors ask it before they queue a request. */
export interface Owners {
  readonly selfId: string;
  /** Undefined: the request needs no owner, and leaves from where it came to (interaction callbacks). */
  scopeOf(
    request: Pick<ProxyRequest, "identity" | "route">,
  ): string | undefined;
  /** The scope of a bot's sessions, and of its requests that go with its token. */
  scopeOfIdentity(identityId: string): string;
  ownerOf(scope: string): Owner;
  /** Settles once, when another proxy or none becomes the owner, or we do. */
  whenChanged(scope: string): Promise<void>;
  /** Those last seen alive, without ourselves. */
  peers(): readonly Peer[];
  /** Whether that proxy did not answer when it was last asked; left out where nobody asks. */
  readonly isSilent?: (id: string) => boolean;
  /** Whether a request may leave now. Asked right before each send; true where it needs no owner. */
  maySend(request: Pick<ProxyRequest, "identity" | "route">): boolean;
  /** How it stands; left out by a proxy that is alone. */
  readonly figures?: () => ClusterFigures;
  /** The lease by which a scope is owned, as far as is known here; undefined: nobody owns it, or leases are unknown here. */
  readonly leaseOf?: (scope: string) => OwnerLease | undefined;
  /** Answers what a peer asks at `PEER_QUESTION_PATH`: JSON in, JSON out. Throws where it is no question. */
  answerPeer(question: unknown): unknown;
}

/** How a cluster stands, as one of its proxies sees it. */
export interface ClusterFigures {
  /** Scopes that this proxy sends for, of how many. */
  readonly owned: number;
  readonly scopes: number;
  readonly peers: readonly PeerFigures[];
  /** Redis did not answer the last time. */
  readonly isStoreAway: boolean;
}

/** Another proxy, as this one sees it. */
export interface PeerFigures {
  /** What its `REST_PEER_URL` says. */
  readonly url: string;
  /** Since it last renewed its leases, as Redis told. */
  readonly silentMs: number;
  /** Whether it answered when it was last asked; undefined: it was not asked yet. */
  readonly isAnswering: boolean | undefined;
}

/** What other proxies send, and came to this one. */
export interface DoorFigures {
  /** Nobody has it yet: it waits for an owner, or for its turn. */
  readonly waiting: number;
  /** Its owner has it. */
  readonly handedOn: number;
}

/** By what somebody owns a scope. */
export interface OwnerLease {
  readonly epoch: number;
  /** Since it was last renewed. */
  readonly ageMs: number;
}

/** What is handed to another proxy: all requests and sessions of a scope. */
export interface HandedOver {
  hasRequest(request: Pick<ProxyRequest, "identity" | "route">): boolean;
  hasIdentity(identityId: string): boolean;
}

/** Where proxies ask one another about their leases, with a POST of JSON and `REST_PEER_KEY`. */
export const PEER_QUESTION_PATH = "/_peer/question";

/** Proves that a request comes from a proxy of the same cluster: `REST_PEER_KEY`. */
export const PEER_KEY_HEADER = "x-rest-peer-key";
