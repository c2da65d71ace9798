import type {
  JournalRow,
  RowKind,
  RowOutcome,
  RowState,
} from "../../domain/journal_store.ts";
import { crc32 } from "./deps.ts";

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
 * makes one of the three words another.
 */
export async function rowOf(
  columns: Columns,
  readBody: ReadBody,
): Promise<JournalRow | undefined> {
  const { id, scope, kind, state, head } = columns;
  if (!KINDS.includes(kind) || !STATES.includes(state)) return undefined;
  const firstUntil = columns.until ?? undefined;
  const known = { id, scope, kind: kind as RowKind, head };
  if (headSum({ ...known, untilWallMs: firstUntil }) !== columns.headSum) {
    return undefined;
  }
  const body = await bodyOf(
    columns.body,
    columns.bodyFile,
    columns.bodySum,
    readBody,
  );
  const outcome = await outcomeOf(columns, readBody);
  if (body === "damaged" || outcome === "damaged") return undefined;
  const isEnded = state === "ended";
  if (isEnded !== (outcome !== undefined)) return undefined;
  const lastUntil = columns.outcomeUntil ?? undefined;
  const untilWallMs = isEnded ? lastUntil : firstUntil;
  return { ...known, state: state as RowState, body, outcome, untilWallMs };
}

async function outcomeOf(
  columns: Columns,
  readBody: ReadBody,
): Promise<RowOutcome | undefined | "damaged"> {
  const { outcomeHead: head, outcomeUntil: until } = columns;
  if (head === null) return undefined;
  if (outcomeSum(columns, head, until ?? undefined) !== columns.outcomeSum) {
    return "damaged";
  }
  const body = await bodyOf(
    columns.outcomeBody,
    columns.outcomeBodyFile,
    columns.outcomeBodySum,
    readBody,
  );
  return body === "damaged" ? body : { head, body };
}

async function bodyOf(
  inRow: Uint8Array<ArrayBuffer> | null,
  file: string | null,
  sum: number | null,
  readBody: ReadBody,
): Promise<Uint8Array<ArrayBuffer> | undefined | "damaged"> {
  if (sum === null) return inRow ?? file ? "damaged" : undefined;
  const bytes = file === null ? inRow : await readBody(file);
  if (bytes === null || bytes === undefined) return "damaged";
  return crc32(bytes) === sum ? bytes : "damaged";
}
