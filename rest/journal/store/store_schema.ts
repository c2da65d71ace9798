import { JournalRefusal } from "../../domain/journal_store.ts";
import type { DatabaseSync } from "./deps.ts";

/** `PRAGMA application_id`: "Slce". Tells our databases from those of other programs. */
const APPLICATION_ID = 0x53_6c_63_65;

/**
 * Steps from each version of the schema to the next; a database's version is
 * their number. A step is never changed after a release, only followed by
 * another one.
 *
 * `until` and the outcome have columns of their own beside those of the request,
 * so that each has a checksum that no later change has to read the rest for.
 */
const SCHEMA_STEPS: readonly string[] = [
  `CREATE TABLE journal_rows (
    id TEXT NOT NULL,
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    head TEXT NOT NULL,
    until REAL,
    headSum INTEGER NOT NULL,
    body BLOB,
    bodyFile TEXT,
    bodySum INTEGER,
    outcomeHead TEXT,
    outcomeUntil REAL,
    outcomeSum INTEGER,
    outcomeBody BLOB,
    outcomeBodyFile TEXT,
    outcomeBodySum INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX journal_rows_by_id ON journal_rows (id, scope);
  CREATE TABLE epochs (
    scope TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`,
];

/** Refuses what is no journal, or one of a later version; changes nothing. */
export function checkSchema(
  database: DatabaseSync,
  path: string,
  steps: readonly string[] = SCHEMA_STEPS,
): void {
  const version = pragma(database, "user_version");
  const owner = pragma(database, "application_id");
  if (owner !== APPLICATION_ID && pragma(database, "schema_version") !== 0) {
    throw new JournalRefusal(
      "unusable",
      `${
        JSON.stringify(path)
      } is a database of another program: name another file in REST_JOURNAL`,
    );
  }
  if (version > steps.length) {
    throw new JournalRefusal(
      "newer",
      `The journal ${
        JSON.stringify(path)
      } was made by a later Sluice (its format is ${version}, this one knows ${steps.length}): start that version, or name another file in REST_JOURNAL`,
    );
  }
}

/** True where rows stand as this version writes them. */
export function isCurrent(database: DatabaseSync): boolean {
  return pragma(database, "user_version") === SCHEMA_STEPS.length;
}

/** Brings the schema up to date, in one transaction. */
export function migrate(
  database: DatabaseSync,
  steps: readonly string[] = SCHEMA_STEPS,
): void {
  const version = pragma(database, "user_version");
  if (version === steps.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${steps.length}`);
    database.exec("COMMIT");
  } catch (error) {
    // A disk that fails has rolled back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** The value of a pragma that is a number. */
export function pragma(database: DatabaseSync, name: string): number {
  return Number(
    Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0],
  );
}
