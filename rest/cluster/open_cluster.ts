import type { FactSink } from "../domain/fact.ts";
import type { Clock } from "../domain/ports.ts";
import type { Secret } from "../domain/secret.ts";
import { createPeerQuestions } from "./ask_peer.ts";
import { type Cluster, createCluster } from "./cluster.ts";
import { checkRedis, type Verdict } from "./redis/demands.ts";
import { openRedisLink, type RedisLink } from "./redis/link.ts";

/** What a cluster is opened with: three settings, and how to measure and tell. */
export interface ClusterOptions {
  readonly redisUrl: Secret;
  readonly peerUrl: string;
  readonly peerKey: Secret;
  readonly clock: Clock;
  readonly facts: FactSink;
}

/** A cluster that can be started, where nothing speaks against it. */
export interface OpenedCluster extends Verdict {
  readonly cluster: Cluster;
  readonly redis: RedisLink;
}

/** Connects to Redis, and checks what is demanded of it. */
export async function openCluster(
  { redisUrl, peerUrl, peerKey, clock, facts }: ClusterOptions,
): Promise<OpenedCluster> {
  const redis = await openRedisLink(redisUrl, clock);
  const verdict = await checkRedis(redis, placeOf(redisUrl));
  const peerQuestions = createPeerQuestions(peerKey, clock);
  const parts = { clock, facts, url: peerUrl, redis, peerQuestions };
  return { ...verdict, redis, cluster: createCluster(parts) };
}

/** Host and port alone: user and password are nobody's business. */
function placeOf(url: Secret): string {
  const { hostname, port } = new URL(url.reveal());
  return `${hostname}:${port || "6379"}`;
}
