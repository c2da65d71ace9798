import type { DatabaseSync, StatementSync } from "./deps.ts";
import type { RowOrder } from "./row_order.ts";
import { pragma } from "./store_schema.ts";
import type { WorkerClient } from "./worker_client.ts";

/** The log is copied into the database when it has this many bytes: seldom, since appends wait for the disk then, and little enough to be read at a start. */
const LOG_BYTES = 32 * 1024 * 1024;

/** Appends wait for a copy that they have got this far ahead of, or a slow disk would let the log grow without end. */
const AHEAD_BYTES_MAX = 64 * 1024 * 1024;

/** What one change adds to the log besides its own bytes: two pages, and less where changes share them. */
const CHANGE_BYTES = 8 * 1024;

/**
 * Keeps the log short. A worker thread copies it while appends go on; for the
 * little that came meanwhile they wait some milliseconds, since a log that is
 * written to all the time would never begin anew.
 */
export class Checkpoints {
  readonly #worker: WorkerClient;
  readonly #path: string;
  readonly #order: RowOrder;
  readonly #look: StatementSync;
  readonly #pageBytes: number;
  #logBytes = 0;
  #running: Promise<void> | undefined;

  constructor(
    database: DatabaseSync,
    worker: WorkerClient,
    path: string,
    order: RowOrder,
  ) {
    this.#look = database.prepare("PRAGMA wal_checkpoint(NOOP)");
    this.#pageBytes = pragma(database, "page_size");
    this.#worker = worker;
    this.#path = path;
    this.#order = order;
  }

  /** Takes note of changes with this many bytes in them. */
  note(changes: number, bytes: number): void {
    this.#logBytes += changes * CHANGE_BYTES + bytes;
    if (this.#running !== undefined) {
      if (this.#logBytes > AHEAD_BYTES_MAX) this.#order.hold();
    } else if (this.#logBytes > LOG_BYTES && this.#isLong()) {
      this.#running = this.#run().finally(() => this.#running = undefined);
    }
  }

  /** Asks how long the log is, where the sum of estimates says that it is long. */
  #isLong(): boolean {
    // Busy, pages in the log, pages copied; copies nothing (SQLite 3.51).
    const [, pages] = Object.values(this.#look.get() ?? {});
    this.#logBytes = Number(pages) * this.#pageBytes;
    return this.#logBytes > LOG_BYTES / 2;
  }

  /** The last one is through, and no other one follows. */
  async close(): Promise<void> {
    await this.#running;
    await this.#call("close");
  }

  async #call(kind: "copy" | "restart" | "close"): Promise<boolean> {
    const called = this.#worker.call(this.#path, { kind });
    return await called.then(() => true, () => false);
  }

  /** A copy that fails is tried again when the log has grown by as much once more; appends tell what is wrong with the disk. */
  async #run(): Promise<void> {
    this.#logBytes = 0;
    if (await this.#call("copy")) {
      this.#order.hold();
      await this.#call("restart");
      this.#logBytes = 0;
    }
    this.#order.release();
  }
}
