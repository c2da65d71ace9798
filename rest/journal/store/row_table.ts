import type {
  JournalChange,
  JournalRow,
  RowOutcome,
} from "../../domain/journal_store.ts";
import type { DatabaseSync, StatementSync } from "./deps.ts";
import {
  type ColumnCells,
  type Columns,
  columnsOf,
  headSum,
  type KeptBodies,
  type KeptBody,
  outcomeSum,
} from "./row_columns.ts";

/** Rows read at once while a journal is loaded: small enough to hold all their bodies. */
const PAGE_ROWS = 128;

/** The columns in the order of the table. */
const COLUMNS = [
  ...["id", "scope", "kind", "state", "head", "until", "headSum"],
  ...["body", "bodyFile", "bodySum"],
  ...["outcomeHead", "outcomeUntil", "outcomeSum"],
  ...["outcomeBody", "outcomeBodyFile", "outcomeBodySum"],
];

/**
 * The end of every statement that changes rows: only while the scope's writer is
 * the one who claimed it last.
 */
const FENCE =
  "EXISTS (SELECT 1 FROM epochs WHERE epochs.scope = ? AND epochs.epoch = ?)";

/** What became of a change: whether there was such a row, and how many rows there are more. */
export interface Made {
  readonly isMade: boolean;
  readonly more: number;
}

/** The statements over the table of rows. */
export class RowTable {
  readonly #insert: StatementSync;
  readonly #replace: StatementSync;
  readonly #mark: StatementSync;
  readonly #end: StatementSync;
  readonly #delete: StatementSync;
  readonly #page: StatementSync;
  readonly #count: StatementSync;
  readonly #withFiles: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      `INSERT INTO journal_rows SELECT ${COLUMNS.map(() => "?").join(", ")}
       WHERE ${FENCE} ON CONFLICT (id, scope) DO NOTHING`,
    );
    this.#replace = database.prepare(
      `UPDATE OR IGNORE journal_rows
       SET ${COLUMNS.map((name) => `${name} = ?`).join(", ")}
       WHERE id = ? AND scope = ? AND ${FENCE}`,
    );
    this.#mark = database.prepare(
      `UPDATE journal_rows SET state = ?
       WHERE id = ? AND scope = ? AND state <> 'ended' AND ${FENCE}`,
    );
    this.#end = database.prepare(
      `UPDATE journal_rows SET state = 'ended',
         body = NULL, bodyFile = NULL, bodySum = NULL,
         outcomeHead = ?, outcomeUntil = ?, outcomeSum = ?,
         outcomeBody = ?, outcomeBodyFile = ?, outcomeBodySum = ?
       WHERE id = ? AND scope = ? AND ${FENCE}`,
    );
    this.#delete = database.prepare(
      `DELETE FROM journal_rows WHERE id = ? AND scope = ? AND ${FENCE}`,
    );
    this.#page = database.prepare(
      `SELECT * FROM journal_rows
       WHERE (id, scope) > (?, ?) AND (?3 IS NULL OR scope = ?3)
       ORDER BY id, scope LIMIT ${PAGE_ROWS}`,
    );
    inArrays(this.#page);
    this.#withFiles = database.prepare(
      `SELECT * FROM journal_rows
       WHERE bodyFile IS NOT NULL OR outcomeBodyFile IS NOT NULL`,
    );
    this.#count = database.prepare("SELECT count(*) AS rows FROM journal_rows");
  }

  /**
   * Makes one change as whoever claimed the scope with that epoch, and nothing
   * where somebody has claimed it since.
   */
  make(change: JournalChange, kept: KeptBodies, epoch: number): Made {
    switch (change.kind) {
      case "put":
        return this.#put(change.row, kept, epoch);
      case "mark": {
        const { state, id, scope } = change;
        const { changes } = this.#mark.run(state, id, scope, scope, epoch);
        return { isMade: Number(changes) > 0, more: 0 };
      }
      case "end": {
        const { id, scope } = change;
        const cells = outcomeCells(change, kept.outcome);
        const { changes } = this.#end.run(...cells, id, scope, scope, epoch);
        return { isMade: Number(changes) > 0, more: 0 };
      }
      case "delete": {
        const { id, scope } = change;
        const { changes } = this.#delete.run(id, scope, scope, epoch);
        return { isMade: Number(changes) > 0, more: -Number(changes) };
      }
    }
  }

  /**
   * Puts a new row where another one of its scope was, which is gone then: pages
   * are neither freed nor taken, so that fewer are written than for both changes.
   * False: nothing was done, since the one was not there or the other was, or
   * somebody has claimed the scope since.
   */
  putInPlaceOf(
    { id }: Pick<JournalRow, "id">,
    row: JournalRow,
    kept: KeptBodies,
    epoch: number,
  ): boolean {
    const { scope } = row;
    const { changes } = this.#replace.run(
      ...cellsOf(row, kept),
      ...[id, scope],
      ...[scope, epoch],
    );
    return Number(changes) > 0;
  }

  #put(row: JournalRow, kept: KeptBodies, epoch: number): Made {
    const cells = cellsOf(row, kept);
    const { changes } = this.#insert.run(...cells, row.scope, epoch);
    if (Number(changes) > 0) return { isMade: true, more: 1 };
    return { isMade: this.putInPlaceOf(row, row, kept, epoch), more: 0 };
  }

  /** The rows behind a row, some of them at a time. */
  page(
    { id, scope }: Pick<JournalRow, "id" | "scope">,
    ofScope: string | undefined,
  ): readonly Columns[] {
    const rows: unknown = this.#page.all(id, scope, ofScope ?? null);
    return (rows as ColumnCells[]).map(columnsOf);
  }

  /** The rows whose bodies are files. */
  rowsWithFiles(): readonly Columns[] {
    const rows = this.#withFiles.all();
    return rows as unknown as Columns[];
  }

  count(): number {
    return Number(this.#count.get()?.["rows"]);
  }
}

/** Has a statement give arrays, since objects with sixteen members take twice as long. The types of Deno 2.9.6 do not know it. */
function inArrays(statement: StatementSync): void {
  const known = statement as StatementSync & {
    setReturnArrays(isOn: boolean): void;
  };
  const isOn = true;
  known.setReturnArrays(isOn);
}

type Cell = string | number | null | Uint8Array;

function cellsOf(row: JournalRow, kept: KeptBodies): Cell[] {
  const { id, scope, kind, state, head, untilWallMs, outcome } = row;
  return [
    ...[id, scope, kind, state, head, untilWallMs ?? null, headSum(row)],
    ...bodyCells(kept.body),
    ...outcome === undefined
      ? [null, null, null, null, null, null]
      : outcomeCells({ ...row, outcome }, kept.outcome),
  ];
}

function outcomeCells(
  { id, scope, outcome, untilWallMs }: {
    readonly id: string;
    readonly scope: string;
    readonly outcome: RowOutcome;
    readonly untilWallMs: number | undefined;
  },
  kept: KeptBody | undefined,
): Cell[] {
  const { head } = outcome;
  const sum = outcomeSum({ id, scope }, head, untilWallMs);
  return [head, untilWallMs ?? null, sum, ...bodyCells(kept)];
}

function bodyCells(kept: KeptBody | undefined): Cell[] {
  return [kept?.bytes ?? null, kept?.file ?? null, kept?.sum ?? null];
}
