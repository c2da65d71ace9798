import { DatabaseSync } from "../deps.ts";

/** The least a journal can do. */
export interface BareJournal {
  /** Writes a request down, in a place that is free; returns the place. */
  put(target: string, body: Uint8Array | null): number;
  /** It is answered: the next one may have its place. */
  free(slot: number): void;
}

/**
 * One statement for each request in the cheapest table there is, set up as ours
 * (a log, no sync). It finds nothing again, keeps no answer, and its log is never
 * copied: what is left is what SQLite itself takes.
 */
export function openBareJournal(path: string): BareJournal {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE rows (slot INTEGER PRIMARY KEY, head TEXT, body BLOB) STRICT;
  `);
  const put = database.prepare("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)");
  const slots: number[] = [];
  let last = 0;
  return {
    put(target, body) {
      const slot = slots.pop() ?? ++last;
      put.run(slot, target, body);
      return slot;
    },
    free: (slot) => void slots.push(slot),
  };
}
