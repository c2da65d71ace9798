import {
  type JournalChange,
  JournalFailure,
  type JournalRow,
} from "../../domain/journal_store.ts";

/** Whose row a change is about. */
export function scopeOf(change: JournalChange): string {
  return change.kind === "put" ? change.row.scope : change.scope;
}

/** Names the row of a change among the rows of all scopes. */
export function keyOf(change: JournalChange): string {
  return rowKey(change.kind === "put" ? change.row : change);
}

/** Names a row among the rows of all scopes; neither part holds a zero. */
export function rowKey(
  { id, scope }: Pick<JournalRow, "id" | "scope">,
): string {
  return `${id}\0${scope}`;
}

/** True where nobody can ask for a row any more. */
export function isOver(
  untilWallMs: number | undefined,
  nowWallMs: number,
): boolean {
  return untilWallMs !== undefined && untilWallMs <= nowWallMs;
}

/** Somebody else writes to this scope now. */
export function fenced(scope: string): JournalFailure {
  return new JournalFailure(
    "fenced",
    `Another proxy writes to the journal of ${JSON.stringify(scope)} now`,
  );
}

type Body = Uint8Array<ArrayBuffer> | undefined;

/** The bodies that a change brings: the request's, and that of its outcome. */
export function bodiesOf(
  change: JournalChange,
): { readonly body: Body; readonly outcome: Body } {
  switch (change.kind) {
    case "put":
      return { body: change.row.body, outcome: change.row.outcome?.body };
    case "end":
      return { body: undefined, outcome: change.outcome.body };
    default:
      return { body: undefined, outcome: undefined };
  }
}

/** In the order in which a store gives rows back: what waits before what has ended. */
export function endedLast(rows: readonly JournalRow[]): JournalRow[] {
  const hasEnded = ({ state }: JournalRow) => state === "ended";
  return [...rows.filter((row) => !hasEnded(row)), ...rows.filter(hasEnded)];
}
