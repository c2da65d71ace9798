import { SYSTEM_CLOCK } from "./clock/system_clock.ts";
import type { OpenedCluster } from "./cluster/open_cluster.ts";
import type { Settings } from "./config/settings.ts";
import type { FactSink } from "./domain/fact.ts";
import { invariant } from "./domain/invariant.ts";
import { journalKeyBytes } from "./config/journal_kinds.ts";
import { sealedStore } from "./journal/store/sealed_store.ts";
import type { OpenJournal } from "./journal_keeper.ts";
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
  const isJournalShared = true;
  return { owners, key: peerKey, isJournalShared, caCertificates };
}

/**
 * The journal that goes where the bots go. What holds tokens is not written to
 * it, and what was not written by one of its proxies is not read: nobody who
 * reads that Redis, or writes to it, is to be able to send as a bot.
 */
export function sharedJournalOf(
  opened: OpenedCluster | undefined,
  { journalKey }: Settings,
  facts: FactSink,
): OpenJournal | undefined {
  if (opened === undefined) return undefined;
  const { journal, cluster, rowKey } = opened;
  const key = journalKey === undefined ? rowKey : journalKeyBytes(journalKey);
  return {
    store: sealedStore(journal, key, (count) => tellForeign(count, facts)),
    isEncrypted: false,
    bootedAtWallMs: undefined,
    shared: {
      takeOver: (scope) => journal.takeOver(scope),
      epochOf: (id) => cluster.epochOf(cluster.scopeOfIdentity(id)),
      isOurs: (id) => cluster.sendsFor(cluster.scopeOfIdentity(id)),
      wallMs: cluster.wallMs,
      shareAddresses: opened.shareAddresses,
    },
  };
}

function tellForeign(count: number, facts: FactSink): void {
  const [rows, were, they] = count === 1
    ? ["1 row", "was", "it is"]
    : [`${count} rows`, "were", "they are"];
  facts({
    kind: "warning",
    message:
      `${rows} of the journal in Redis ${were} written with another REST_PEER_KEY or REST_JOURNAL_KEY, or by a stranger: ${they} left alone`,
  });
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
