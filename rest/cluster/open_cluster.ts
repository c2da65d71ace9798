import type { FactSink } from "../domain/fact.ts";
import type { Clock } from "../domain/ports.ts";
import type { Secret } from "../domain/secret.ts";
import type { AddressPort } from "../domain/kept_address.ts";
import type { HealthPort } from "../domain/shared_health.ts";
import { AddressExchange } from "./address_exchange.ts";
import { createPeerQuestions } from "./ask_peer.ts";
import { type Cluster, createCluster } from "./cluster.ts";
import { exchangeHealth } from "./health_exchange.ts";
import { checkRedis, type Verdict } from "./redis/demands.ts";
import { createRedisStore } from "./journal/redis_store.ts";
import { type ScopedStore, scopedStore } from "./journal/scoped_store.ts";
import { openRedisLink } from "./redis/link.ts";
import { rowKeyOf, signedAddresses } from "./secrets.ts";
import type { ScopeKeeper } from "./taking_over.ts";

/** What a cluster is opened with: three settings, and how to measure and tell. */
export interface ClusterOptions {
  readonly redisUrl: Secret;
  readonly peerUrl: string;
  readonly peerKey: Secret;
  /** Certificates of other proxies and of Redis to trust besides the runtime's, in PEM. */
  readonly caCertificates?: string | undefined;
  readonly clock: Clock;
  readonly facts: FactSink;
}

/** What of a proxy takes part. */
export interface ClusterPart {
  readonly keeper: ScopeKeeper;
  readonly health: HealthPort;
  /** Names the address that its requests leave by. */
  readonly egress: string;
}

/** A cluster that a proxy can take part in, where nothing speaks against it. */
export interface OpenedCluster extends Verdict {
  readonly cluster: Cluster;
  /** Keeps the requests of the scopes that this proxy owns. */
  readonly journal: ScopedStore;
  /** Encrypts what the journal holds, unless the operator has set a key for that. */
  readonly rowKey: Uint8Array<ArrayBuffer>;
  /** Has all proxies know the addresses that one of them knows; settles when the others' are known here, or Redis is away. */
  shareAddresses(addresses: AddressPort): Promise<void>;
  /** Takes part from now on. */
  start(part: ClusterPart): void;
  /** Takes no part any more. */
  end(): Promise<void>;
}

/** Connects to Redis, and checks what is demanded of it. */
export async function openCluster(
  options: ClusterOptions,
): Promise<OpenedCluster> {
  const { redisUrl, peerUrl, peerKey, clock, facts, caCertificates } = options;
  const redis = await openRedisLink(redisUrl, clock, caCertificates);
  const verdict = await checkRedis(redis, placeOf(redisUrl));
  const peerQuestions = createPeerQuestions({
    ...{ key: peerKey, clock, caCertificates },
  });
  const addresses = signedAddresses(peerKey);
  const url = peerUrl;
  const parts = { clock, facts, url, redis, peerQuestions, addresses };
  const cluster = createCluster(parts);
  const { selfId, epochOf, scopeOfIdentity } = cluster;
  const { wallMs } = clock;
  const store = createRedisStore({ redis, epochOf, wallMs });
  const isOwned = (scope: string) => epochOf(scope) !== undefined;
  const journal = scopedStore({ store, scopeOfIdentity, isOwned });
  let stopExchange = () => {};
  let addressExchange: AddressExchange | undefined;
  return {
    ...verdict,
    cluster,
    journal,
    rowKey: rowKeyOf(peerKey),
    shareAddresses(addresses) {
      addressExchange = new AddressExchange({ clock, redis }, addresses);
      return addressExchange.start();
    },
    start({ keeper, health, egress }) {
      cluster.start(keeper);
      const deps = { clock, redis, selfId, egress };
      stopExchange = exchangeHealth(deps, health);
    },
    async end() {
      stopExchange();
      await addressExchange?.end();
      await cluster.close();
    },
  };
}

/** Host and port alone: user and password are nobody's business. */
function placeOf(url: Secret): string {
  const { hostname, port } = new URL(url.reveal());
  return `${hostname}:${port || "6379"}`;
}
