import { SYSTEM_CLOCK } from "./clock/system_clock.ts";
import type { OpenedCluster } from "./cluster/open_cluster.ts";
import type { Settings } from "./config/settings.ts";
import type { FactSink } from "./domain/fact.ts";
import { invariant } from "./domain/invariant.ts";
import type { PeerParts } from "./peers/peering.ts";
import type { Proxy } from "./proxy.ts";

export type { OpenedCluster };
/**
 * Opens the cluster that the settings name; undefined: this proxy is alone, and
 * nothing that speaks to Redis is loaded.
 */
export async function openClusterOf(
  { redisUrl, peerUrl, peerKey }: Settings,
  facts: FactSink,
  caCertificates: string | undefined,
): Promise<OpenedCluster | undefined> {
  if (redisUrl === undefined || peerUrl === undefined) return undefined;
  if (peerKey === undefined) return undefined;
  const { openCluster } = await import("./cluster/open_cluster.ts");
  const clock = SYSTEM_CLOCK;
  const options = { redisUrl, peerUrl, peerKey, caCertificates };
  return await openCluster({ ...options, clock, facts });
}

/** What makes a proxy one of this cluster. */
export function peersOf(
  { cluster: owners }: OpenedCluster,
  { peerKey }: Settings,
  caCertificates: string | undefined,
): PeerParts {
  invariant(peerKey !== undefined, "a cluster without REST_PEER_KEY");
  return { owners, key: peerKey, caCertificates };
}

/** Takes part from now on; to be called when the ports are open. */
export function takePart(
  opened: OpenedCluster | undefined,
  { clusterPart }: Pick<Proxy, "clusterPart">,
  { outboundAddress = "any" }: Settings,
): void {
  if (clusterPart === undefined) return;
  opened?.start({ ...clusterPart, egress: outboundAddress });
}
