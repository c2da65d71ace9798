import { SYSTEM_CLOCK } from "./clock/system_clock.ts";
import type { OpenedCluster } from "./cluster/open_cluster.ts";
import type { Settings } from "./config/settings.ts";
import type { FactSink } from "./domain/fact.ts";

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
