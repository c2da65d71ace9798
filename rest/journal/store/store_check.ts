import type { JournalRow } from "../../domain/journal_store.ts";
import { DatabaseSync } from "./deps.ts";
import { isLogDamaged } from "./log_damage.ts";
import { RowTable } from "./row_table.ts";
import { rowsIn } from "./rows_in.ts";
import { damaged, refusalOf } from "./store_faults.ts";
import { checkSchema, isCurrent } from "./store_schema.ts";

/** What came of reading a journal. */
export interface Checked {
  readonly notes: readonly string[];
  /** Undefined where there were none to read. */
  readonly rows: readonly JournalRow[] | undefined;
}

/** Where the large bodies of a journal are. */
export function bodyFolderOf(path: string): string {
  return `${path}.bodies`;
}

/**
 * Reads a journal to its end, so that damage is found at the start and not in
 * the middle of it. Rejects with `JournalRefusal` where it cannot be taken up;
 * a damaged one is set aside instead where that is wanted. Returns what there is
 * to say, and the rows that were read, which are wanted next.
 */
export async function checkOrSetAside(
  path: string,
  { isReset, wallMs, bootedAtWallMs }: {
    readonly isReset: boolean;
    readonly wallMs: () => number;
    readonly bootedAtWallMs?: number | undefined;
  },
): Promise<Checked> {
  try {
    if (ageOfLog(path, bootedAtWallMs) === "of this start") checkLog(path);
    return { notes: [], rows: await check(path) };
  } catch (error) {
    const refusal = refusalOf(error, path);
    if (!isReset || refusal.fault !== "corrupt") throw refusal;
    const name = `${path}.damaged-${Math.floor(wallMs())}`;
    setAside(path, name);
    const note = `The journal ${
      JSON.stringify(path)
    } was damaged: it is set aside as ${
      JSON.stringify(name)
    }, and nothing in it will be done`;
    return { notes: [note], rows: undefined };
  }
}

/** When a log was written that is left over: since the machine was started, or before that as far as is known. */
export function ageOfLog(
  path: string,
  bootedAtWallMs = Infinity,
): "none" | "of this start" | "older" {
  if (sizeOf(`${path}-wal`) === 0) return "none";
  const { mtime } = Deno.statSync(`${path}-wal`);
  return mtime !== null && mtime.getTime() >= bootedAtWallMs
    ? "of this start"
    : "older";
}

function checkLog(path: string): void {
  if (!isLogDamaged(Deno.readFileSync(`${path}-wal`))) return;
  throw damaged(path, "its log is not as it was written");
}

/** Undefined where none were read. */
async function check(path: string): Promise<JournalRow[] | undefined> {
  if (sizeOf(path) === 0) {
    // SQLite would remove the log of a database that is empty.
    if (sizeOf(`${path}-wal`) === 0) return undefined;
    throw damaged(path, "its log is there, and its database is empty");
  }
  // The process ended while it made the database: nothing is in it yet, and only a writer may tidy it up.
  if (sizeOf(`${path}-journal`) > 0) return undefined;
  // Whoever may only read copies no log into the database when it closes it.
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    checkSchema(database, path);
    const said = database.prepare("PRAGMA integrity_check(1)").get();
    const [verdict] = Object.values(said ?? {});
    if (verdict !== "ok") throw damaged(path, String(verdict));
    return isCurrent(database) ? await readAll(database, path) : undefined;
  } finally {
    database.close();
  }
}

async function readAll(
  database: DatabaseSync,
  path: string,
): Promise<JournalRow[]> {
  const readBody = (file: string) =>
    Deno.readFile(`${bodyFolderOf(path)}/${file}`).catch(ignoreMissing);
  return await Array.fromAsync(
    rowsIn(new RowTable(database), path, readBody),
  );
}

function setAside(path: string, name: string): void {
  for (
    const [from, to] of [
      [path, name],
      [`${path}-wal`, `${name}-wal`],
      [bodyFolderOf(path), bodyFolderOf(name)],
    ] as const
  ) {
    try {
      Deno.renameSync(from, to);
    } catch (error) {
      ignoreMissing(error);
    }
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    ignoreMissing(error);
    return 0;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
