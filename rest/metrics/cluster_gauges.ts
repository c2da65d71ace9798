import { Gauge, type Registry } from "../../deps.ts";
import type { ClusterReading, OwnerRow, Reading } from "./types.ts";

const PLAIN: ReadonlyArray<
  readonly [string, string, (figures: ClusterReading) => number]
> = [
  [
    "sluice_owned_scopes",
    "Shares of all bots and webhooks that this proxy sends for.",
    (f) => f.owned,
  ],
  ["sluice_peers", "Other proxies of the cluster.", (f) => f.peers.length],
  [
    "sluice_peers_unreachable",
    "Those of them that did not answer this one when they were last asked.",
    (f) => f.peers.filter(({ isAnswering }) => isAnswering === false).length,
  ],
  [
    "sluice_store_unreachable",
    "1 while Redis does not answer.",
    (f) => f.isStoreAway ? 1 : 0,
  ],
  [
    "sluice_door_waiting_requests",
    "Requests that came here and wait for another proxy to take them.",
    (f) => f.door.waiting,
  ],
  [
    "sluice_door_handed_on_requests",
    "Requests that came here and that another proxy has.",
    (f) => f.door.handedOn,
  ],
];

const PER_BOT: ReadonlyArray<
  readonly [string, string, (row: OwnerRow) => number | undefined]
> = [
  [
    "sluice_owner",
    "1 while this proxy sends for the bot, 0 while another one does, or none.",
    ({ owner }) => owner === "self" ? 1 : 0,
  ],
  [
    "sluice_ownerless",
    "1 while no proxy sends for the bot, as far as this one knows.",
    ({ owner }) => owner === "nobody" ? 1 : 0,
  ],
  [
    "sluice_lease_age_seconds",
    "Since the bot's owner renewed its lease, as far as this proxy knows.",
    ({ lease }) => lease && lease.ageMs / 1_000,
  ],
];

/** Sets what is to be seen of a cluster; of a proxy that is alone there is none of it. */
export function registerClusterGauges(
  registry: Registry,
): (reading: Reading) => void {
  let set: ((cluster: ClusterReading) => void) | undefined;
  return ({ cluster }) => {
    if (cluster === undefined) return;
    // A gauge would show 0 from the start.
    set ??= registered(registry);
    set(cluster);
  };
}

function registered(registry: Registry): (cluster: ClusterReading) => void {
  const registers = [registry];
  const plain = PLAIN.map(([name, help, read]) => ({
    gauge: new Gauge({ name, help, registers }),
    read,
  }));
  const labelNames = ["bot"];
  const perBot = PER_BOT.map(([name, help, read]) => ({
    gauge: new Gauge({ name, help, labelNames, registers }),
    read,
  }));
  return (cluster) => {
    for (const { gauge, read } of plain) gauge.set(read(cluster));
    for (const { gauge, read } of perBot) {
      gauge.reset();
      for (const row of cluster.bots) {
        const value = read(row);
        if (value !== undefined) gauge.set({ bot: row.bot }, value);
      }
    }
  };
}
