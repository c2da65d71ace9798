import type { JournalRow, JournalStore } from "../../domain/journal_store.ts";
import { BodyFiles } from "./body_files.ts";
import { Checkpoints } from "./checkpoints.ts";
import { DatabaseSync, dirname, resolve } from "./deps.ts";
import { FileBook } from "./file_book.ts";
import { LogSync } from "./log_sync.ts";
import { RowChanges } from "./row_changes.ts";
import { RowOrder } from "./row_order.ts";
import { RowTable } from "./row_table.ts";
import { dataVersionOf } from "./rows_in.ts";
import { SqliteStore } from "./sqlite_store.ts";
import { ageOfLog, bodyFolderOf, checkOrSetAside } from "./store_check.ts";
import { refusalOf } from "./store_faults.ts";
import { lockStore } from "./store_lock.ts";
import { StoreRoom } from "./store_room.ts";
import { migrate } from "./store_schema.ts";
import { WorkerClient } from "./worker_client.ts";

/** How a journal is kept in a file. */
export interface SqliteStoreOptions {
  /** Of the database; other files stand beside it under names that begin with it. */
  readonly path: string;
  /** What a change survives: the end of the process, or that of the machine. */
  readonly sync: "process" | "machine";
  /** What rows and bodies may take; an eighth is kept for ends and deletions. */
  readonly limitBytes: number;
  /** A damaged journal is set aside under another name, and an empty one takes its place. */
  readonly isReset: boolean;
  readonly wallMs: () => number;
  /** When the machine was started; only a log that was written since is looked at for damage. */
  readonly bootedAtWallMs?: number | undefined;
}

/** An open journal, and sentences for whoever started it. */
export interface OpenedStore {
  readonly store: JournalStore;
  readonly notes: readonly string[];
}

/** How long a statement waits for the worker thread's, which takes milliseconds. */
const BUSY_MS = 5_000;

/**
 * Opens a journal, or begins one. Rejects with `JournalRefusal` only, and has
 * changed nothing then. Needs to read and write files until it settles; what it
 * needs later its worker thread may do.
 */
export async function openSqliteStore(
  options: SqliteStoreOptions,
): Promise<OpenedStore> {
  const path = resolve(options.path);
  const stack = new DisposableStack();
  try {
    makeFolder(dirname(path));
    stack.use(await lockStore(path));
    const { notes, rows } = await checkOrSetAside(path, options);
    const isLogOld = ageOfLog(path, options.bootedAtWallMs) === "older";
    const store = await open({ ...options, path, isLogOld, rows }, stack);
    return { store, notes };
  } catch (error) {
    stack.dispose();
    throw refusalOf(error, path);
  }
}

/** Only a folder that is made here is closed to others. */
function makeFolder(folder: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Opens the files; what is open is closed with the stack. */
async function open(
  { path, sync, limitBytes, wallMs, isLogOld, rows }: SqliteStoreOptions & {
    readonly isLogOld: boolean;
    readonly rows: readonly JournalRow[] | undefined;
  },
  stack: DisposableStack,
): Promise<JournalStore> {
  const folder = bodyFolderOf(path);
  makeFolder(folder);
  const database = openDatabase(path);
  stack.defer(() => database.close());
  const foundVersion = dataVersionOf(database);
  // What a power cut left in the log must not be taken for damage later.
  if (isLogOld) database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  migrate(database);
  forgetOver(database, wallMs());
  const worker = stack.use(new WorkerClient([path, folder]));
  const bodies = new BodyFiles(folder, worker);
  const log = stack.use(new LogSync(await openLog(path)));
  // Files go only when the disk knows that their rows are gone.
  await log.sync();
  const table = new RowTable(database);
  const changes = new RowChanges(database, table);
  const book = new FileBook();
  for (const row of table.rowsWithFiles()) book.enter(row);
  await bodies.takeStock(book.names());
  await worker.begun();
  const order = new RowOrder();
  return new SqliteStore({
    ...{ path, database, table, changes, bodies, book, order, log, worker },
    wallMs,
    room: new StoreRoom(database, bodies, limitBytes),
    checkpoints: new Checkpoints(database, worker, path, order),
    isForMachine: sync === "machine",
    found: rows,
    foundVersion,
    dispose: () => stack.dispose(),
  });
}

/** The database, for its owner alone; its log takes the same mode from it. */
function openDatabase(path: string): DatabaseSync {
  Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
  if (Deno.build.os !== "windows") Deno.chmodSync(path, 0o600);
  const database = new DatabaseSync(path);
  // What the worker thread does is switched off here: copying the log.
  database.exec(`
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA busy_timeout = ${BUSY_MS};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 0;
  `);
  return database;
}

/** Rows that nobody can ask for any more; also makes the log's file. */
function forgetOver(database: DatabaseSync, nowWallMs: number): void {
  database.prepare(
    `DELETE FROM journal_rows
     WHERE CASE state WHEN 'ended' THEN outcomeUntil ELSE until END <= ?`,
  ).run(nowWallMs);
}

async function openLog(path: string): Promise<Deno.FsFile> {
  return await Deno.open(`${path}-wal`, { read: true, write: true });
}
