import type { ClusterReading, Reading } from "./types.ts";

/** What keeps the proxy from serving as it could, in words for machines. */
export type Trouble =
  | "token_rejected"
  | "blocked"
  | "invalid_budget"
  | "journal_full"
  | "journal_failing"
  | "shared_journal_failing"
  | "store_unreachable"
  | "ownerless"
  | "peers_unreachable";

/** From this share of the budget on, routes that keep failing are held back. */
const INVALID_NEAR_SHARE = 0.8;

/** What is wrong though requests are taken in. */
export function troublesOf(
  { bots, breaker, invalid, journal, cluster }: Pick<
    Reading,
    "bots" | "breaker" | "invalid" | "journal" | "cluster"
  >,
): readonly Trouble[] {
  const troubles: Trouble[] = [];
  const isRejected = bots.some((bot) => bot.isTokenRejected);
  if (isRejected) troubles.push("token_rejected");
  if (breaker !== "closed") troubles.push("blocked");
  if (invalid.count >= invalid.ceiling * INVALID_NEAR_SHARE) {
    troubles.push("invalid_budget");
  }
  if (journal?.isFull === true) troubles.push("journal_full");
  else if (journal?.isFailing === true) {
    // Where all proxies have the same another one would do no better.
    troubles.push(cluster ? "shared_journal_failing" : "journal_failing");
  }
  if (cluster !== undefined) troubles.push(...clusterTroublesOf(cluster));
  return troubles;
}

function clusterTroublesOf(
  { isStoreAway, owned, bots, peers }: ClusterReading,
): Trouble[] {
  const troubles: Trouble[] = [];
  // With the consent of all it goes on without Redis: then it serves.
  if (isStoreAway && owned === 0) troubles.push("store_unreachable");
  if (bots.some(({ owner }) => owner === "nobody")) troubles.push("ownerless");
  if (peers.some(({ isAnswering }) => isAnswering === false)) {
    troubles.push("peers_unreachable");
  }
  return troubles;
}
