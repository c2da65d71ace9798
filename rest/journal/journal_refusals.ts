import { JournalFailure } from "../domain/journal_store.ts";
import { movedRefusal } from "../domain/own_refusals.ts";
import { Refusal } from "../domain/refusal.ts";

/** For a request that was refused when it was accepted, and is not to be sent either. */
export const LOST: JournalFailure = new JournalFailure(
  "store_unreachable",
  "The journal did not take the request",
);

/** No byte leaves before its row is written. */
const NOT_SENT = false;

/** A store that fails is back within seconds, or its operator has to look. */
const AGAIN_MS = 1_000;

/** What a caller is told whose request cannot be kept as it was promised. */
export function refusalOf({ code, message }: JournalFailure): Refusal {
  if (code === "moved") return movedRefusal(NOT_SENT);
  const name = code === "journal_full" ? code : "store_unreachable";
  return new Refusal(name, message, { retryAfterMs: AGAIN_MS });
}
