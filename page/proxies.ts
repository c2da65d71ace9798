import type { PeerFigures } from "../rest/domain/owners.ts";
import type { ClusterReading, OwnerRow } from "../rest/metrics/types.ts";
import { html } from "./html.ts";
import type { Element } from "./packages.d.ts";
import { type Column, isChosen, TableOf } from "./table_of.ts";
import { duration } from "./words.ts";

/** Which of several proxies sends for which bot, and which others there are. */
export function ProxiesTables(
  { cluster }: { readonly cluster?: ClusterReading | undefined },
): Element | null {
  if (cluster === undefined) return null;
  const { bots, peers } = cluster;
  return html`
    ${TableOf(
      "Bots and their proxies",
      OWNER_COLUMNS,
      bots.filter(isChosen),
      "No bot.",
    )}
    ${TableOf("Other proxies", PEER_COLUMNS, peers, "None.")}
  `;
}

const OWNER_COLUMNS: readonly Column<OwnerRow>[] = [
  { name: "Bot", show: ({ bot }) => bot },
  {
    name: "Sent by",
    show: ({ owner, url }) => OWNER_WORDS[owner] ?? url ?? "–",
  },
  {
    name: "Lease renewed",
    show: ({ lease }) => ago(lease?.ageMs),
    isNumber: true,
  },
  {
    name: "Epoch",
    show: ({ lease }) => lease?.epoch ?? "–",
    isNumber: true,
    isWide: true,
  },
];

const OWNER_WORDS: Readonly<Record<OwnerRow["owner"], string | undefined>> = {
  self: "this proxy",
  nobody: "nobody",
  peer: undefined,
};

const PEER_COLUMNS: readonly Column<PeerFigures>[] = [
  { name: "Proxy", show: ({ url }) => url },
  {
    name: "Answers",
    show: ({ isAnswering }) => ANSWER_WORDS[`${isAnswering}`],
  },
  {
    name: "Seen by Redis",
    show: ({ silentMs }) => ago(silentMs),
    isNumber: true,
  },
];

const ANSWER_WORDS = { true: "yes", false: "no", undefined: "not asked yet" };

function ago(ms: number | undefined): string {
  return ms === undefined ? "–" : `${duration(ms)} ago`;
}
