import type { Reading } from "./types.ts";

/** What keeps the proxy from serving as it could, in words for machines. */
export type Trouble =
  | "token_rejected"
  | "blocked"
  | "invalid_budget"
  | "journal_failing"
  | "store_unreachable";

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
  if (journal?.isFailing === true) troubles.push("journal_failing");
  // With the consent of all it goes on without Redis: then it serves.
  if (cluster?.isStoreAway && cluster.owned === 0) {
    troubles.push("store_unreachable");
  }
  return troubles;
}
