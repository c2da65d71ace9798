import { rowKeyOf } from "./codec/pending_changes.ts";
import { type FoundEntry, isUnknown } from "./read_journal.ts";

/** A request that has a row. */
export interface Kept {
  readonly scope: string;
  readonly id: string;
  /** As written or about to be. */
  state: "queued" | "sent" | "ended";
  /** Somebody was promised that it survives: where it cannot be written it is refused. */
  readonly isPromised: boolean;
  /** Nothing of it is written but its name. */
  readonly isNameOnly: boolean;
  /** It could not be written as its caller was promised. */
  isRefused: boolean;
  /** Nobody knows whether it was done: it is listed until its time is over. */
  readonly isListed: boolean;
}

/** What the process before this one has left. */
export function keptOf(found: FoundEntry): Kept {
  const { entry, scope, recovery, mayHaveRun } = found;
  const { entryId: id, guarantee, isNameOnly = false } = entry;
  return {
    scope,
    id,
    state: recovery === "kept" ? "ended" : mayHaveRun ? "sent" : "queued",
    isPromised: guarantee !== undefined,
    isNameOnly,
    isRefused: false,
    isListed: isUnknown(found),
  };
}

/** Names the row. */
export function keyOf({ scope, id }: Pick<Kept, "scope" | "id">): string {
  return rowKeyOf({ kind: "delete", scope, id });
}
