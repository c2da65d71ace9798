import type {
  JournalChange,
  JournalRow,
  JournalStore,
} from "../../domain/journal_store.ts";
import { endedLast, fenced, isOver, keyOf, scopeOf } from "./store_change.ts";

/** What memory stores of several proxies share, and what outlives each of them. */
export class MemoryJournal {
  readonly rows: Map<string, JournalRow> = new Map();
  /** The latest epoch of each scope. */
  readonly epochs: Map<string, number> = new Map();
}

/** A store for tests: it outlives nothing, and says in the plainest way what a store does. */
export function createMemoryStore(
  journal: MemoryJournal,
  wallMs: () => number,
): JournalStore {
  const claimed = new Map<string, number>();
  return {
    claimEpoch(scope) {
      const epoch = Math.max(wallMs(), (journal.epochs.get(scope) ?? 0) + 1);
      journal.epochs.set(scope, epoch);
      claimed.set(scope, epoch);
      return Promise.resolve(epoch);
    },
    append(changes) {
      for (const change of changes) {
        const scope = scopeOf(change);
        const isOurs = claimed.has(scope) &&
          claimed.get(scope) === journal.epochs.get(scope);
        if (!isOurs) return Promise.reject(fenced(scope));
      }
      for (const change of changes) apply(journal.rows, change);
      return Promise.resolve();
    },
    async *load(scope) {
      const rows = [...journal.rows.values()]
        .filter((row) => scope === undefined || row.scope === scope)
        .filter(({ untilWallMs }) => !isOver(untilWallMs, wallMs()))
        .sort((one, other) =>
          compare(one.id, other.id) || compare(one.scope, other.scope)
        );
      for (const row of endedLast(rows)) yield await Promise.resolve(row);
    },
    figures: () => ({ rows: journal.rows.size, bytes: 0 }),
    close: () => Promise.resolve(),
  };
}

function apply(rows: Map<string, JournalRow>, change: JournalChange): void {
  const key = keyOf(change);
  if (change.kind === "put") return void rows.set(key, change.row);
  const row = rows.get(key);
  if (row === undefined) return;
  switch (change.kind) {
    case "mark":
      if (row.state === "ended") return;
      return void rows.set(key, { ...row, state: change.state });
    case "end": {
      const { outcome, untilWallMs } = change;
      const body = undefined;
      const ended = { state: "ended", body, outcome, untilWallMs } as const;
      return void rows.set(key, { ...row, ...ended });
    }
    case "delete":
      rows.delete(key);
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
