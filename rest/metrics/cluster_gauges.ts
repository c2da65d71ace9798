import { Gauge, type Registry } from "../../deps.ts";
import type { Reading } from "./types.ts";

type Figures = NonNullable<Reading["cluster"]>;

const PLAIN: ReadonlyArray<
  readonly [string, string, (figures: Figures) => number]
> = [
  [
    "sluice_owned_scopes",
    "Shares of all bots and webhooks that this proxy sends for.",
    (f) => f.owned,
  ],
  ["sluice_peers", "Other proxies of the cluster.", (f) => f.peers],
  [
    "sluice_store_unreachable",
    "1 while Redis does not answer.",
    (f) => f.isStoreAway ? 1 : 0,
  ],
];

/** Registers what is to be seen of a cluster; nothing is set where there is none. */
export function registerClusterGauges(
  registry: Registry,
): (reading: Reading) => void {
  const registers = [registry];
  const plain = PLAIN.map(([name, help, read]) => ({
    gauge: new Gauge({ name, help, registers }),
    read,
  }));
  const owner = new Gauge({
    name: "sluice_owner",
    help: "1 while this proxy sends for the bot, 0 while another one does.",
    labelNames: ["bot"],
    registers,
  });
  return ({ cluster }) => {
    if (cluster === undefined) return;
    for (const { gauge, read } of plain) gauge.set(read(cluster));
    for (const [bot, isOurs] of cluster.bots) {
      owner.set({ bot }, isOurs ? 1 : 0);
    }
  };
}
