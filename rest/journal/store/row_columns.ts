import type {
  JournalRow,
  RowKind,
  RowOutcome,
  RowState,
} from "../../domain/journal_store.ts";
import { crc32 } from "./deps.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A body as a row keeps it: itself, or the name of its file. */
export interface KeptBody {
  readonly bytes: Uint8Array | undefined;
  readonly file: string | undefined;
  readonly sum: number;
}

/** Where the bodies of one change are kept. */
export interface KeptBodies {
  readonly body: KeptBody | undefined;
  readonly outcome: KeptBody | undefined;
}

/** A row as the database gives it. */
export interface Columns {
  readonly id: string;
  readonly scope: string;
  readonly kind: string;
  readonly state: string;
  readonly head: string;
  readonly until: number | null;
  readonly headSum: number;
  readonly body: Uint8Array<ArrayBuffer> | null;
  readonly bodyFile: string | null;
  readonly bodySum: number | null;
  readonly outcomeHead: string | null;
  readonly outcomeUntil: number | null;
  readonly outcomeSum: number | null;
  readonly outcomeBody: Uint8Array<ArrayBuffer> | null;
  readonly outcomeBodyFile: string | null;
  readonly outcomeBodySum: number | null;
}

/** The same as an array, in the order of the table. */
export type ColumnCells = readonly [
  id: string,
  scope: string,
  kind: string,
  state: string,
  head: string,
  until: number | null,
  headSum: number,
  body: Bytes | null,
  bodyFile: string | null,
  bodySum: number | null,
  outcomeHead: string | null,
  outcomeUntil: number | null,
  outcomeSum: number | null,
  outcomeBody: Bytes | null,
  outcomeBodyFile: string | null,
  outcomeBodySum: number | null,
];

/** The row of an array, which the database gives in half the time. */
export function columnsOf(cells: ColumnCells): Columns {
  return {
    id: cells[0],
    scope: cells[1],
    kind: cells[2],
    state: cells[3],
    head: cells[4],
    until: cells[5],
    headSum: cells[6],
    body: cells[7],
    bodyFile: cells[8],
    bodySum: cells[9],
    outcomeHead: cells[10],
    outcomeUntil: cells[11],
    outcomeSum: cells[12],
    outcomeBody: cells[13],
    outcomeBodyFile: cells[14],
    outcomeBodySum: cells[15],
  };
}

/** Reads the body that is kept under the name of a file; undefined: there is none. */
export type ReadBody = (
  file: string,
) => Promise<Uint8Array<ArrayBuffer> | undefined>;

const KINDS: readonly string[] = [
  "request",
  "session",
  "learnt",
] satisfies RowKind[];

const STATES: readonly string[] = [
  "queued",
  "sent",
  "ended",
] satisfies RowState[];

/** A checksum of what is told of a row once, when it is put. */
export function headSum(
  row: Pick<JournalRow, "id" | "scope" | "kind" | "head" | "untilWallMs">,
): number {
  const { id, scope, kind, head, untilWallMs = "" } = row;
  return crc32([id, scope, kind, untilWallMs, head].join("\0"));
}

/** A checksum of what is told at its end. */
export function outcomeSum(
  { id, scope }: Pick<JournalRow, "id" | "scope">,
  head: string,
  untilWallMs: number | undefined,
): number {
  return crc32([id, scope, untilWallMs ?? "", head].join("\0"));
}

/**
 * The row that the columns tell; undefined where they are not what was written,
 * which SQLite itself does not notice. A state needs no checksum: no flipped bit
 * makes one of the three words another. A promise only where a body is a file:
 * 100,000 rows are read at a start.
 */
export function rowOf(
  columns: Columns,
  readBody: ReadBody,
): JournalRow | undefined | Promise<JournalRow | undefined> {
  const { bodyFile, outcomeBodyFile } = columns;
  if (bodyFile === null && outcomeBodyFile === null) {
    return rowWith(columns, columns.body, columns.outcomeBody);
  }
  return Promise.all([
    bodyFile === null ? columns.body : readBody(bodyFile),
    outcomeBodyFile === null ? columns.outcomeBody : readBody(outcomeBodyFile),
  ]).then(([body, outcome]) => rowWith(columns, body, outcome));
}

function rowWith(
  columns: Columns,
  bodyBytes: Bytes | null | undefined,
  outcomeBytes: Bytes | null | undefined,
): JournalRow | undefined {
  const { id, scope, kind, state, head } = columns;
  if (!KINDS.includes(kind) || !STATES.includes(state)) return undefined;
  const firstUntil = columns.until ?? undefined;
  const known = { id, scope, kind: kind as RowKind, head };
  if (headSum({ ...known, untilWallMs: firstUntil }) !== columns.headSum) {
    return undefined;
  }
  const { bodySum, bodyFile } = columns;
  const body = bodyOf(bodyBytes, bodyFile, bodySum);
  const outcome = outcomeOf(columns, outcomeBytes);
  if (body === "damaged" || outcome === "damaged") return undefined;
  const isEnded = state === "ended";
  if (isEnded !== (outcome !== undefined)) return undefined;
  const lastUntil = columns.outcomeUntil ?? undefined;
  const untilWallMs = isEnded ? lastUntil : firstUntil;
  return { ...known, state: state as RowState, body, outcome, untilWallMs };
}

function outcomeOf(
  columns: Columns,
  bytes: Bytes | null | undefined,
): RowOutcome | undefined | "damaged" {
  const { outcomeHead: head, outcomeUntil: until } = columns;
  if (head === null) return undefined;
  if (outcomeSum(columns, head, until ?? undefined) !== columns.outcomeSum) {
    return "damaged";
  }
  const { outcomeBodyFile, outcomeBodySum } = columns;
  const body = bodyOf(bytes, outcomeBodyFile, outcomeBodySum);
  return body === "damaged" ? body : { head, body };
}

/** `bytes` are those of the row, or of its file where it names one. */
function bodyOf(
  bytes: Bytes | null | undefined,
  file: string | null,
  sum: number | null,
): Bytes | undefined | "damaged" {
  if (sum === null) return bytes ?? file ? "damaged" : undefined;
  if (bytes === null || bytes === undefined) return "damaged";
  return crc32(bytes) === sum ? bytes : "damaged";
}
