import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import type { Access } from "../../rest/domain/access.ts";
import type { Fact } from "../../rest/domain/fact.ts";
import type { Owner, Owners, Peer } from "../../rest/domain/owners.ts";
import type { Clock } from "../../rest/domain/ports.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { startListener } from "../../rest/listener/transport/listen.ts";
import type { PortListener } from "../../rest/listener/transport/listener.ts";
import { serveOptionsOf } from "../../rest/listener/transport/serve_options.ts";
import { createProxy, type Proxy } from "../../rest/proxy.ts";
import { settingsOf } from "../_proxy.ts";

export const PEER_KEY = "a-key-of-the-peers-0123456789";

/** Who owns what, as a test says it: one table that all proxies of a cluster read. */
class OwnerTable {
  /** By scope: the place of its owner; undefined: nobody. Everything else is the first one's. */
  readonly #owners = new Map<string, number | undefined>();
  readonly urls: string[] = [];
  /** The lease by which everything is owned; undefined: there are none. */
  epoch: number | undefined;
  /** Whether Redis, if there were one, could not be reached. */
  isStoreAway = false;
  /** Ids of those that answer no question. */
  readonly silent = new Set<string>();
  #news = Promise.withResolvers<void>();
  /** Who has not heard of an owner yet, and knows of none. */
  readonly #unheard = new Set<number>();
  readonly #asked = new Map<number, () => void>();

  /** Gives a scope to a proxy, or to nobody; those of `unheardBy` do not hear of it before `hear`. */
  give(
    scope: string,
    place: number | undefined,
    { unheardBy = [] }: { readonly unheardBy?: readonly number[] } = {},
  ): void {
    for (const one of unheardBy) this.#unheard.add(one);
    this.#owners.set(scope, place);
    this.#tell();
  }

  hear(place: number): void {
    this.#unheard.delete(place);
    this.#tell();
  }

  /** Settles when the proxy at a place asks next whose a scope is. */
  whenAsked(place: number): Promise<void> {
    return new Promise((resolve) => this.#asked.set(place, resolve));
  }

  #tell(): void {
    const news = this.#news;
    this.#news = Promise.withResolvers();
    news.resolve();
  }

  placeOf(scope: string): number | undefined {
    return this.#owners.has(scope) ? this.#owners.get(scope) : 0;
  }

  get news(): Promise<void> {
    return this.#news.promise;
  }

  /** What the proxy at a place knows. */
  seenBy(place: number): Owners {
    const ownerOf = (scope: string): Owner => {
      this.#asked.get(place)?.();
      const owner = this.#unheard.has(place) ? undefined : this.placeOf(scope);
      if (owner === undefined) return { kind: "nobody", sinceMs: 0 };
      return owner === place
        ? { kind: "self" }
        : { kind: "peer", id: `p${owner}`, url: this.urls[owner] ?? "" };
    };
    const scopeOf: Owners["scopeOf"] = ({ identity, route }) =>
      route.lane === "interaction"
        ? undefined
        : route.lane === "webhook"
        ? `webhook:${route.webhookId}`
        : identity.id;
    return {
      selfId: `p${place}`,
      scopeOf,
      scopeOfIdentity: (id) => id,
      ownerOf,
      whenChanged: () => this.news,
      peers: () =>
        this.urls.flatMap((url, at): Peer[] =>
          at === place ? [] : [{ id: `p${at}`, url, lastSeenMs: 0 }]
        ),
      maySend: (request) => {
        const scope = scopeOf(request);
        return scope === undefined || ownerOf(scope).kind === "self";
      },
      figures: () => ({
        owned: 0,
        scopes: 0,
        peers: [],
        isStoreAway: this.isStoreAway,
      }),
      isSilent: (id) => this.silent.has(id),
      leaseOf: () =>
        this.epoch === undefined ? undefined : { epoch: this.epoch, ageMs: 0 },
      answerPeer: (question) => ({ heard: question }),
    };
  }
}

/** One proxy of a cluster: a port for callers and one for peers. */
export interface ClusterProxy {
  readonly proxy: Proxy;
  readonly facts: readonly Fact[];
  readonly url: string;
  readonly peerUrl: string;
  readonly listener: PortListener;
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** Discord's base URL. */
  readonly upstream: string;
  readonly count: number;
  readonly env?: Record<string, string>;
  readonly access?: Access;
  /** Whether a new owner is said to find what the one before kept. */
  readonly isJournalShared?: boolean;
  /** The clock of the machine at a place; each has the same one unless given. */
  readonly clockAt?: (place: number) => Clock;
}

/** Proxies in this process, with a table of owners in place of Redis. */
export async function startCluster(
  {
    upstream,
    count,
    env = {},
    access,
    isJournalShared = false,
    clockAt = () => SYSTEM_CLOCK,
  }: ClusterOptions,
): Promise<
  AsyncDisposable & {
    readonly table: OwnerTable;
    readonly proxies: readonly ClusterProxy[];
  }
> {
  const table = new OwnerTable();
  const proxies: ClusterProxy[] = [];
  for (let place = 0; place < count; place++) {
    const one = await startOne({
      upstream,
      env,
      owners: table.seenBy(place),
      isJournalShared,
      clock: clockAt(place),
      ...access !== undefined && { access },
    });
    table.urls.push(one.peerUrl);
    proxies.push(one);
  }
  return {
    table,
    proxies,
    async [Symbol.asyncDispose]() {
      await Promise.all(proxies.map((one) => one.close()));
    },
  };
}

async function startOne(
  { upstream, env, owners, access, isJournalShared, clock }: {
    readonly upstream: string;
    readonly env: Record<string, string>;
    readonly owners: Owners;
    readonly isJournalShared: boolean;
    readonly clock: Clock;
    readonly access?: Access;
  },
): Promise<ClusterProxy> {
  const facts: Fact[] = [];
  const sink = (fact: Fact) => void facts.push(fact);
  const settings = settingsOf({ REST_UPSTREAM: upstream, ...env });
  const proxy = createProxy(settings, {
    facts: sink,
    clock,
    ...access !== undefined && { access },
    peers: { owners, key: new Secret(PEER_KEY), isJournalShared },
  });
  const at = {
    ...serveOptionsOf(settings),
    clock,
    facts: sink,
    host: "127.0.0.1",
    port: 0,
  };
  const listener = await startListener({ ...at, endpoint: proxy.endpoint });
  const { peerEndpoint } = proxy;
  if (peerEndpoint === undefined) throw new Error("It serves no peers");
  const peerListener = await startListener({ ...at, endpoint: peerEndpoint });
  return {
    proxy,
    facts,
    listener,
    url: listener.url,
    peerUrl: peerListener.url,
    async close() {
      await proxy.drain(0);
      await Promise.all([listener.shutdown(), peerListener.shutdown()]);
    },
  };
}
