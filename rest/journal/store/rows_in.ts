import type { DatabaseSync } from "./deps.ts";
import type { JournalRow } from "../../domain/journal_store.ts";
import { type ReadBody, rowOf } from "./row_columns.ts";
import type { RowTable } from "./row_table.ts";
import { damaged, refusalOf } from "./store_faults.ts";

/** All rows of a table by their ids; throws `JournalRefusal` at the first that is not as it was written. */
export async function* rowsIn(
  table: RowTable,
  path: string,
  readBody: ReadBody,
  scope?: string,
): AsyncIterable<JournalRow> {
  let last: Pick<JournalRow, "id" | "scope"> | undefined = {
    id: "",
    scope: "",
  };
  while (last !== undefined) {
    const page = pageOf(table, path, last, scope);
    for (const columns of page) {
      const read = rowOf(columns, readBody);
      const row = read instanceof Promise ? await read : read;
      if (row === undefined) {
        throw damaged(
          path,
          `row ${JSON.stringify(columns.id)} is not as it was written`,
        );
      }
      yield row;
    }
    last = page.at(-1);
  }
}

function pageOf(
  table: RowTable,
  path: string,
  last: Pick<JournalRow, "id" | "scope">,
  scope: string | undefined,
): ReturnType<RowTable["page"]> {
  try {
    return table.page(last, scope);
  } catch (error) {
    throw refusalOf(error, path);
  }
}

/** Raised by what other connections commit to the same file. */
export function dataVersionOf(database: DatabaseSync): number {
  return Number(
    database.prepare("PRAGMA data_version").get()?.["data_version"],
  );
}
