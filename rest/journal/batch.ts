import {
  type JournalChange,
  JournalFailure,
  type JournalStore,
} from "../domain/journal_store.ts";
import { PendingChanges, rowKeyOf } from "./codec/pending_changes.ts";

/** What becomes of the changes of one batch: failures by the keys of their rows, promised where they are written by themselves. */
export type Verdict = ReadonlyMap<
  string,
  JournalFailure | Promise<JournalFailure | undefined>
>;

/** Everything was written. */
export const ALL_WELL: Verdict = new Map();

/** Changes that are written together. */
export interface Batch {
  readonly changes: PendingChanges;
  /** It has more in it than deletions. */
  isUrgent: boolean;
  /** When it is written at the latest where it has not. */
  dueMs: number;
  readonly written: PromiseWithResolvers<Verdict>;
}

/** Changes that the store makes together, all or none of each list. */
export function partsOf(
  changes: readonly JournalChange[],
  { partOf }: Pick<JournalStore, "partOf">,
): readonly (readonly JournalChange[])[] {
  if (changes.length === 0) return [];
  if (partOf === undefined) return [changes];
  const parts = Map.groupBy(changes, (change) => {
    const { scope } = change.kind === "put" ? change.row : change;
    return partOf(scope);
  });
  return [...parts.values()];
}

/** Whether another proxy goes on with what is written of it: there is nothing to try again. */
export function hasMoved(error: unknown): boolean {
  return error instanceof JournalFailure && error.code === "moved";
}

/** A batch with nothing in it. */
export function newBatch(): Batch {
  return {
    changes: new PendingChanges(),
    isUrgent: false,
    dueMs: 0,
    written: Promise.withResolvers<Verdict>(),
  };
}

/** More than this is encrypted or written on other threads, which takes until they have done it. */
const LARGE_BYTES = 32 * 1024;

/** Whether others would wait for a change that is written with them. */
export function isLarge(change: JournalChange): boolean {
  switch (change.kind) {
    case "put": {
      const { body, outcome } = change.row;
      return (body?.length ?? 0) + (outcome?.body?.length ?? 0) > LARGE_BYTES;
    }
    case "end":
      return (change.outcome.body?.length ?? 0) > LARGE_BYTES;
    default:
      return false;
  }
}

/** None of these changes was made. */
export function verdictOf(
  changes: readonly JournalChange[],
  failure: JournalFailure,
): Verdict {
  return new Map(changes.map((change) => [rowKeyOf(change), failure]));
}

/**
 * What is left to do of a change that was perhaps not made. Whoever waited for
 * a new row or a mark was told that it failed, so both are taken back.
 */
export function againOf(change: JournalChange): JournalChange | undefined {
  switch (change.kind) {
    case "put": {
      const { kind, scope, id, state } = change.row;
      if (kind === "learnt") return undefined;
      if (kind === "session" || state === "ended") return change;
      return { kind: "delete", scope, id };
    }
    case "mark":
      return { ...change, state: "queued" };
    default:
      return change;
  }
}
