import type { EntryRef, Outcome } from "../domain/entry.ts";
import type { Journal } from "../domain/journal.ts";

/** Whether a request that was refused here goes on elsewhere: in the next process, or at another proxy. */
export function isLeftBehind(
  entry: EntryRef,
  outcome: Outcome,
  journal: Journal,
): boolean {
  if (outcome.kind !== "refusal" || !journal.keeps(entry)) return false;
  const { code } = outcome.refusal;
  return code === "draining" || code === "moved";
}
