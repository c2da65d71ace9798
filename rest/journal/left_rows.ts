import type { JournalRow } from "../domain/journal_store.ts";
import { rowKeyOf } from "./codec/pending_changes.ts";

/** Rows that are gone on with together: some two milliseconds, in which nothing else is done. */
const TOGETHER_MAX = 32;

/**
 * The rows of the process before this one, each of them once, in two parts: what
 * waits, which is little and urgent, and what has ended, which may be a day's.
 */
export class LeftRows {
  readonly #load: () => AsyncIterable<JournalRow>;
  readonly #given = new Set<string>();
  #reading: AsyncIterator<JournalRow> | undefined;
  /** The first row of the second part is read with the first. */
  #ahead: JournalRow | undefined;

  /** `load`: as a store does, what has ended last. */
  constructor(load: () => AsyncIterable<JournalRow>) {
    this.#load = load;
  }

  /** What waits. */
  async waiting(): Promise<readonly JournalRow[]> {
    const reading = this.#load()[Symbol.asyncIterator]();
    const rows: JournalRow[] = [];
    for (;;) {
      const { value: row } = await reading.next();
      if (row === undefined || row.state === "ended") {
        this.#ahead = row;
        this.#reading = reading;
        return rows;
      }
      this.#given.add(keyOf(row));
      rows.push(row);
    }
  }

  /**
   * The next of the others, none at the end. After it has rejected it may be
   * asked again: what waited and has ended since is not among them then, and what
   * this process has accepted meanwhile is not either.
   */
  async ended(): Promise<readonly JournalRow[]> {
    const rows: JournalRow[] = [];
    try {
      while (rows.length < TOGETHER_MAX) {
        const row = await this.#next();
        if (row === undefined) break;
        const isNew = row.state === "ended" && !this.#given.has(keyOf(row));
        if (isNew) rows.push(row);
      }
    } catch (error) {
      this.#reading = undefined;
      throw error;
    }
    for (const row of rows) this.#given.add(keyOf(row));
    return rows;
  }

  async #next(): Promise<JournalRow | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    this.#reading ??= this.#load()[Symbol.asyncIterator]();
    const { value: row } = await this.#reading.next();
    return row;
  }
}

function keyOf({ scope, id }: JournalRow): string {
  return rowKeyOf({ kind: "delete", scope, id });
}
