import type {
  JournalChange,
  JournalFigures,
  JournalRow,
  JournalStore,
} from "../../domain/journal_store.ts";
import type { BodyFiles } from "./body_files.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { DatabaseSync, StatementSync } from "./deps.ts";
import type { FileBook } from "./file_book.ts";
import type { LogSync } from "./log_sync.ts";
import type { KeptBodies } from "./row_columns.ts";
import type { RowOrder } from "./row_order.ts";
import type { RowChanges } from "./row_changes.ts";
import type { Made, RowTable } from "./row_table.ts";
import { dataVersionOf, rowsIn } from "./rows_in.ts";
import { endedLast, isOver, keyOf } from "./store_change.ts";
import { failureOf } from "./store_faults.ts";
import type { StoreRoom } from "./store_room.ts";
import type { WorkerClient } from "./worker_client.ts";

/** What a store over SQLite is put together from. */
export interface SqliteParts {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly table: RowTable;
  readonly changes: RowChanges;
  readonly bodies: BodyFiles;
  readonly book: FileBook;
  readonly room: StoreRoom;
  readonly order: RowOrder;
  readonly checkpoints: Checkpoints;
  readonly log: LogSync;
  readonly worker: WorkerClient;
  /** True: a change is made when it survives the end of the machine, not only that of the process. */
  readonly isForMachine: boolean;
  readonly wallMs: () => number;
  /** What was read of it already: the rows as they are until something is changed, here or by another connection. */
  readonly found: readonly JournalRow[] | undefined;
  /** `PRAGMA data_version` when they were: other connections raise it. */
  readonly foundVersion: number;
  /** Gives back files, threads and locks. */
  readonly dispose: () => void;
}

/** Where the bodies of changes are kept, or will be. */
type Kept = readonly KeptBodies[] | Promise<readonly KeptBodies[]>;

const MADE: Promise<void> = Promise.resolve();
const NOT_MADE: Made = { isMade: false, more: 0 };
const NOTHING_KEPT: KeptBodies = { body: undefined, outcome: undefined };

/** Rows in a database of SQLite, for the one process that has its lock. */
export class SqliteStore implements JournalStore {
  readonly #parts: SqliteParts;
  readonly #claimed = new Map<string, number>();
  readonly #claim: StatementSync;
  #rows: number;
  #found: readonly JournalRow[] | undefined;
  /** What is being written, to be waited for before the end. */
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(parts: SqliteParts) {
    const { database, table } = parts;
    this.#parts = parts;
    this.#found = parts.found;
    this.#claim = database.prepare(
      `INSERT INTO epochs VALUES (?, ?)
       ON CONFLICT DO UPDATE SET epoch = max(epoch + 1, excluded.epoch)
       RETURNING epoch`,
    );
    this.#rows = table.count();
  }

  async claimEpoch(scope: string): Promise<number> {
    return await this.#whileOpen(async () => {
      const epoch = await this.#parts.order.take(() => [], undefined, () => {
        const nowMs = Math.floor(this.#parts.wallMs());
        return Number(this.#claim.get(scope, nowMs)?.["epoch"]);
      });
      await this.#lasts();
      this.#claimed.set(scope, epoch);
      return epoch;
    });
  }

  append(changes: readonly JournalChange[]): Promise<void> {
    const { order, isForMachine } = this.#parts;
    return order.isFree && !isForMachine && !this.#isClosed
      ? this.#appendNow(changes)
      : this.#whileOpen(() => this.#append(changes));
  }

  /** What waits for nothing goes without the promises of what does, which cost as much as a statement. */
  #appendNow(changes: readonly JournalChange[]): Promise<void> {
    let kept: Kept;
    try {
      this.#parts.room.take(changes);
      kept = this.#keep(changes);
      if (!(kept instanceof Promise)) {
        this.#make(changes, kept);
        return MADE;
      }
    } catch (error) {
      return Promise.reject(failureOf(error));
    }
    return this.#whileOpen(() => this.#inOrder(changes, kept));
  }

  async #append(changes: readonly JournalChange[]): Promise<void> {
    this.#parts.room.take(changes);
    await this.#inOrder(changes, this.#keep(changes));
  }

  async #inOrder(
    changes: readonly JournalChange[],
    kept: Kept,
  ): Promise<void> {
    await this.#parts.order.take(
      () => changes.map(keyOf),
      kept,
      (there) => this.#make(changes, there),
    );
    await this.#lasts();
  }

  async *load(scope?: string): AsyncIterable<JournalRow> {
    const { table, path, bodies, wallMs } = this.#parts;
    const readBody = (file: string) => bodies.read(file);
    const isFresh = dataVersionOf(this.#parts.database) ===
      this.#parts.foundVersion;
    const found = scope === undefined && isFresh ? this.#found : undefined;
    this.#found = undefined;
    const rows = found ??
      await Array.fromAsync(rowsIn(table, path, readBody, scope));
    for (const row of endedLast(rows)) {
      if (!isOver(row.untilWallMs, wallMs())) yield row;
    }
  }

  figures(): JournalFigures {
    return { rows: this.#rows, bytes: this.#parts.room.usedBytes };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#parts.checkpoints.close();
    this.#parts.dispose();
  }

  /** Runs a change to its end, and tells what kept it from being made in the words of the port. */
  async #whileOpen<T>(change: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw failureOf("it is closed");
    const running = change();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw failureOf(error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** Settles when what was committed survives what it is meant to survive. */
  async #lasts(): Promise<void> {
    if (this.#parts.isForMachine) await this.#parts.log.sync();
  }

  /** Where the bodies of changes are kept: at once where none is a file. */
  #keep(changes: readonly JournalChange[]): Kept {
    const { bodies } = this.#parts;
    const kept = changes.map((change) => bodies.keep(change));
    return kept.every(isKept) ? kept : this.#allOrNone(kept);
  }

  async #allOrNone(
    kept: readonly (KeptBodies | Promise<KeptBodies>)[],
  ): Promise<readonly KeptBodies[]> {
    const settled = await Promise.allSettled(kept);
    const made = settled.flatMap((one) =>
      one.status === "fulfilled" ? [one.value] : []
    );
    if (made.length === kept.length) return made;
    this.#drop(made.flatMap(filesOf));
    throw settled.find((one) => one.status === "rejected")?.reason;
  }

  /** Makes all changes, or throws and has made none. */
  #make(changes: readonly JournalChange[], kept: readonly KeptBodies[]): void {
    const { book, checkpoints } = this.#parts;
    this.#found = undefined;
    let made: readonly Made[];
    try {
      this.#mustWork();
      made = this.#parts.changes.make(changes, kept, this.#claimed);
    } catch (error) {
      this.#drop(kept.flatMap(filesOf));
      throw error;
    }
    const unneeded: string[] = [];
    let bytes = 0;
    for (const [at, change] of changes.entries()) {
      const { isMade, more } = made[at] ?? NOT_MADE;
      const bodies = kept[at] ?? NOTHING_KEPT;
      this.#rows += more;
      bytes += bytesOf(bodies);
      unneeded.push(...book.follow(change, bodies, isMade));
    }
    checkpoints.note(changes.length, bytes);
    if (unneeded.length > 0) this.#dropOnceLasting(unneeded);
  }

  #mustWork(): void {
    const { log, worker, isForMachine } = this.#parts;
    if (isForMachine && log.isBroken) throw log.failure();
    // Nobody would shorten the log any more.
    if (worker.problem !== undefined) throw new Error(worker.problem);
  }

  /** Files of rows that are gone: not before the disk knows that, or it might come back without them. */
  #dropOnceLasting(files: readonly string[]): void {
    const dropped = this.#parts.log.sync().then(() => this.#drop(files));
    this.#finish(dropped);
  }

  #drop(files: readonly string[]): void {
    for (const file of files) this.#finish(this.#parts.bodies.remove(file));
  }

  /** Lets the end wait for work that nobody else waits for; what fails is made up for at the next start. */
  #finish(work: Promise<unknown>): void {
    const done = work.catch(() => {}).finally(() => this.#running.delete(done));
    this.#running.add(done);
  }
}

function isKept(one: KeptBodies | Promise<KeptBodies>): one is KeptBodies {
  return !(one instanceof Promise);
}

function filesOf({ body, outcome }: KeptBodies): string[] {
  return [body?.file, outcome?.file].filter((file) => file !== undefined);
}

function bytesOf({ body, outcome }: KeptBodies): number {
  return (body?.bytes?.length ?? 0) + (outcome?.bytes?.length ?? 0);
}
