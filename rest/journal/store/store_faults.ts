import { JournalFailure, JournalRefusal } from "../../domain/journal_store.ts";

/** What the database and the system say where there is no room (SQLite's result codes 13 and, for its pages, ENOSPC). */
const NO_ROOM = /database or disk is full|ENOSPC|No space left|os error 28/;

/** SQLite's result codes 11 and 26. */
const DAMAGED = /malformed|not a database/;

/** What the system says where the file is in the wrong place (EACCES, EROFS), and SQLite's result code 8. */
const NOT_OURS = /os error (?:13|30)\b|readonly database/;

/** A change that could not be written. */
export function failureOf(error: unknown): JournalFailure {
  if (error instanceof JournalFailure) return error;
  const said = messageOf(error);
  return NO_ROOM.test(said)
    ? new JournalFailure(
      "journal_full",
      "The journal's disk has no room left: free some, nothing new is promised until then",
    )
    : new JournalFailure(
      "store_unreachable",
      `The journal could not be written (${said}): look after its disk`,
    );
}

/** A journal that could not be opened or read. */
export function refusalOf(error: unknown, path: string): JournalRefusal {
  if (error instanceof JournalRefusal) return error;
  const said = messageOf(error);
  if (DAMAGED.test(said)) return damaged(path, said);
  const wayOut = NOT_OURS.test(said)
    ? ": let REST_JOURNAL name a file where the proxy may write"
    : "";
  return new JournalRefusal(
    "unusable",
    `The journal ${JSON.stringify(path)} cannot be opened (${said})${wayOut}`,
  );
}

/** What is in the files is not what was written to them. */
export function damaged(path: string, what: string): JournalRefusal {
  return new JournalRefusal(
    "corrupt",
    `The journal ${
      JSON.stringify(path)
    } is damaged (${what}). It is left as it is: put a copy in its place, ` +
      "or set REST_JOURNAL_RESET=true, which sets it aside under another name and begins anew",
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
