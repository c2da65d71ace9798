import type { JournalChange } from "../../domain/journal_store.ts";
import type { Columns, KeptBodies } from "./row_columns.ts";
import { keyOf, rowKey } from "./store_change.ts";

/** The files of one row, by what they hold. */
interface RowFiles {
  readonly body: string | undefined;
  readonly outcome: string | undefined;
}

const NO_FILES: RowFiles = { body: undefined, outcome: undefined };

/** Which row has which files, so that they go when it needs them no more. */
export class FileBook {
  readonly #filesOf = new Map<string, RowFiles>();

  /** A row that was there before. */
  enter(row: Columns): void {
    const { bodyFile: body, outcomeBodyFile: outcome } = row;
    this.#set(rowKey(row), {
      body: body ?? undefined,
      outcome: outcome ?? undefined,
    });
  }

  /** Follows a change that was made or found no row; returns the files that nobody needs any more. */
  follow(
    change: JournalChange,
    kept: KeptBodies,
    isMade: boolean,
  ): readonly string[] {
    const { kind } = change;
    const given = { body: kept.body?.file, outcome: kept.outcome?.file };
    if (!isMade) return namesIn(given);
    if (kind === "mark") return [];
    const key = keyOf(change);
    const before = this.#filesOf.get(key) ?? NO_FILES;
    this.#set(key, given);
    return namesIn(before);
  }

  names(): ReadonlySet<string> {
    return new Set([...this.#filesOf.values()].flatMap(namesIn));
  }

  #set(key: string, files: RowFiles): void {
    if (namesIn(files).length > 0) this.#filesOf.set(key, files);
    else this.#filesOf.delete(key);
  }
}

function namesIn({ body, outcome }: RowFiles): string[] {
  return [body, outcome].filter((file) => file !== undefined);
}
