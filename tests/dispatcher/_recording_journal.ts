import type { Entry } from "../../rest/domain/entry.ts";
import {
  type Committed,
  type Journal,
  NO_JOURNAL,
} from "../../rest/domain/journal.ts";

/** A journal that notes what it is told, and commits when the test says so. */
export interface RecordingJournal extends Journal {
  /** `<change> <entry id>`, as it was told. */
  readonly told: string[];
  /** Changes that are waited for. */
  readonly held: Set<"accepted" | "sent" | "ended">;
  /** Whether the next process would find every request. */
  keepsAll: boolean;
  /** Commits the oldest change that is waited for. */
  commit(): void;
  /** The oldest change that is waited for cannot be made. */
  fail(error: Error): void;
}

export function createRecordingJournal(): RecordingJournal {
  const told: string[] = [];
  const held: RecordingJournal["held"] = new Set();
  const open: Array<PromiseWithResolvers<void>> = [];
  const note = (change: string) => (entry: Entry): Committed => {
    told.push(`${change} ${entry.entryId}`);
    if (!(held as Set<string>).has(change)) return undefined;
    const deferred = Promise.withResolvers<void>();
    open.push(deferred);
    return deferred.promise;
  };
  const journal: RecordingJournal = {
    ...NO_JOURNAL,
    keepsAll: false,
    keeps: () => journal.keepsAll,
    mayKeep: () => journal.keepsAll,
    told,
    held,
    commit: () => open.shift()?.resolve(),
    fail: (error) => open.shift()?.reject(error),
    accepted: note("accepted"),
    detached: note("detached"),
    sent: note("sent"),
    requeued: note("requeued"),
    ended: note("ended"),
    gone: note("gone"),
  };
  return journal;
}
