import {
  type JournalChange,
  JournalFailure,
} from "../../domain/journal_store.ts";
import type { BodyFiles } from "./body_files.ts";
import type { DatabaseSync, StatementSync } from "./deps.ts";
import { pragma } from "./store_schema.ts";

const MIB = 1024 * 1024;

/** The part of the limit that only ends and deletions may use. */
const RESERVED_SHARE = 1 / 8;

/** What a row takes besides its texts and bodies: its cells, its place in the index, space lost in pages. */
const ROW_BYTES = 512;

/** Watches how much a journal may still take. */
export class StoreRoom {
  readonly #bodies: BodyFiles;
  readonly #limitBytes: number;
  readonly #pageBytes: number;
  readonly #pages: StatementSync;
  readonly #freePages: StatementSync;
  /** Taken off with each row; looked up anew when it is used up. */
  #leftBytes = 0;

  constructor(database: DatabaseSync, bodies: BodyFiles, limitBytes: number) {
    this.#bodies = bodies;
    this.#limitBytes = limitBytes;
    this.#pageBytes = pragma(database, "page_size");
    this.#pages = database.prepare("PRAGMA page_count");
    this.#freePages = database.prepare("PRAGMA freelist_count");
    const pagesMax = Math.ceil(limitBytes / this.#pageBytes);
    database.exec(`PRAGMA max_page_count = ${pagesMax}`);
  }

  /** Bytes in rows and in files. */
  get usedBytes(): number {
    const pages = numberOf(this.#pages) - numberOf(this.#freePages);
    return pages * this.#pageBytes + this.#bodies.bytes;
  }

  /** Makes room for the rows that changes put; throws `journal_full` where there is none. */
  take(changes: readonly JournalChange[]): void {
    let bytes = 0;
    for (const change of changes) bytes += bytesOf(change);
    if (bytes > this.#leftBytes) {
      const most = this.#limitBytes * (1 - RESERVED_SHARE);
      this.#leftBytes = most - this.usedBytes;
    }
    if (bytes > 0 && bytes > this.#leftBytes) {
      throw new JournalFailure(
        "journal_full",
        `The journal has no room left of the ${
          Math.round(this.#limitBytes / MIB)
        } MiB of REST_JOURNAL_LIMIT_MIB: nothing new is promised until requests in it have ended`,
      );
    }
    this.#leftBytes -= bytes;
  }
}

function bytesOf(change: JournalChange): number {
  if (change.kind !== "put") return 0;
  const { head, body, outcome } = change.row;
  const bodies = (body?.length ?? 0) + (outcome?.body?.length ?? 0);
  return ROW_BYTES + head.length + (outcome?.head.length ?? 0) + bodies;
}

function numberOf(statement: StatementSync): number {
  return Number(Object.values(statement.get() ?? {})[0]);
}
