import type { Owner, Owners } from "../rest/domain/owners.ts";
import { Secret } from "../rest/domain/secret.ts";
import type { PeerParts } from "../rest/peers/peering.ts";

/** Where nothing listens: port 9 throws away what it gets. */
const AWAY = "http://127.0.0.1:9";

/**
 * What a proxy sees of a cluster in which it is one of three: bots whose token
 * begins with an odd application id are another one's, and the third does not
 * answer.
 */
export function seenPeers(
  change: Partial<ReturnType<NonNullable<Owners["figures"]>>> = {},
): PeerParts {
  const ownerOf = (scope: string): Owner =>
    /[13579]$/.test(scope)
      ? { kind: "peer", id: "b", url: AWAY }
      : { kind: "self" };
  const owners: Owners = {
    selfId: "a",
    scopeOf: ({ identity, route }) =>
      route.lane === "bot" ? identity.id : undefined,
    scopeOfIdentity: (id) => id,
    ownerOf,
    whenChanged: () => new Promise(() => {}),
    peers: () => [{ id: "b", url: AWAY, lastSeenMs: 0 }],
    maySend: () => true,
    answerPeer: () => ({}),
    leaseOf: () => ({ epoch: 1_790_000_000_000, ageMs: 420 }),
    figures: () => ({
      owned: 21,
      scopes: 64,
      peers: [
        { url: AWAY, silentMs: 310, isAnswering: true },
        { url: "http://10.0.0.7:8001", silentMs: 620, isAnswering: false },
      ],
      isStoreAway: false,
      ...change,
    }),
  };
  return { owners, key: new Secret("a-key-of-the-peers-0123456789") };
}
