import type { JournalChange } from "../../domain/journal_store.ts";
import type { DatabaseSync, StatementSync } from "./deps.ts";
import type { KeptBodies } from "./row_columns.ts";
import { placesIn } from "./row_places.ts";
import type { Made, RowTable } from "./row_table.ts";
import { fenced, scopeOf } from "./store_change.ts";

type Changes = readonly JournalChange[];
type Kept = readonly KeptBodies[];
/** By scope: the epoch that it was claimed with here. */
type Claimed = ReadonlyMap<string, number>;

const PUT: Made = { isMade: true, more: 1 };
const GONE: Made = { isMade: true, more: -1 };
const NOTHING_KEPT: KeptBodies = { body: undefined, outcome: undefined };

/** The epoch of whoever has claimed nothing; those of others are moments since 1970. */
const NEVER = -1;

/** Makes the changes of a batch, all or none of them. */
export class RowChanges {
  readonly #database: DatabaseSync;
  readonly #table: RowTable;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #epochOf: StatementSync;

  constructor(database: DatabaseSync, table: RowTable) {
    this.#database = database;
    this.#table = table;
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
    this.#epochOf = database.prepare(
      "SELECT epoch FROM epochs WHERE scope = ?",
    );
  }

  /** What became of each, in their order; `kept`: where their bodies are. Throws where none was made. */
  make(changes: Changes, kept: Kept, claimed: Claimed): readonly Made[] {
    return this.#makeAtOnce(changes, kept, claimed) ??
      this.#inTransaction(() => this.#makeAll(changes, kept, claimed));
  }

  /**
   * Most batches are one statement, which needs no BEGIN and COMMIT around it:
   * with them it took half as long again (Deno 2.9.6, 2026-12). Undefined: they
   * are more, or it found no row, or its scope is another's; nothing was made.
   */
  #makeAtOnce(
    changes: Changes,
    kept: Kept,
    claimed: Claimed,
  ): readonly Made[] | undefined {
    const [first, second, third] = changes;
    if (first === undefined || third !== undefined) return undefined;
    const epoch = claimed.get(scopeOf(first)) ?? NEVER;
    if (second === undefined) {
      const made = this.#table.make(first, kept[0] ?? NOTHING_KEPT, epoch);
      return made.isMade ? [made] : undefined;
    }
    const [place] = placesIn(changes);
    if (place === undefined) return undefined;
    const [put, gone] = place;
    const bodies = kept[put.at] ?? NOTHING_KEPT;
    const { row } = put.change;
    return this.#table.putInPlaceOf(gone.change, row, bodies, epoch)
      ? put.at === 0 ? [PUT, GONE] : [GONE, PUT]
      : undefined;
  }

  #inTransaction<T>(act: () => T): T {
    this.#begin.run();
    try {
      const result = act();
      this.#commit.run();
      return result;
    } catch (error) {
      // A full disk has rolled back already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #makeAll(changes: Changes, kept: Kept, claimed: Claimed): readonly Made[] {
    for (const scope of new Set(changes.map(scopeOf))) {
      const latest = this.#epochOf.get(scope)?.["epoch"];
      const isOurs = latest !== undefined &&
        Number(latest) === claimed.get(scope);
      if (!isOurs) throw fenced(scope);
    }
    const keptAt = (at: number) => kept[at] ?? NOTHING_KEPT;
    const epochOf = (change: JournalChange) =>
      claimed.get(scopeOf(change)) ?? NEVER;
    const made: Made[] = [];
    for (const [{ at, change: { row } }, gone] of placesIn(changes)) {
      const { change } = gone;
      const bodies = keptAt(at);
      if (!this.#table.putInPlaceOf(change, row, bodies, epochOf(change))) {
        continue;
      }
      made[at] = PUT;
      made[gone.at] = GONE;
    }
    for (const [at, change] of changes.entries()) {
      made[at] ??= this.#table.make(change, keptAt(at), epochOf(change));
    }
    return made;
  }
}
