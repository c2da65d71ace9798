import type { RowOrder } from "./row_order.ts";
import type { WorkerClient } from "./worker_client.ts";

/** The log is copied into the database when it has grown by this much: four times SQLite's own default, since each copy syncs the disk twice. */
const LOG_BYTES = 16 * 1024 * 1024;

/** Appends wait for a copy that they have got this far ahead of, or a slow disk would let the log grow without end. */
const AHEAD_BYTES_MAX = 32 * 1024 * 1024;

/** What one change adds to the log besides its own bytes: two pages. */
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
  #logBytes = 0;
  #running: Promise<void> | undefined;

  constructor(worker: WorkerClient, path: string, order: RowOrder) {
    this.#worker = worker;
    this.#path = path;
    this.#order = order;
  }

  /** Takes note of changes with this many bytes in them. */
  note(changes: number, bytes: number): void {
    this.#logBytes += changes * CHANGE_BYTES + bytes;
    if (this.#running !== undefined) {
      if (this.#logBytes > AHEAD_BYTES_MAX) this.#order.hold();
    } else if (this.#logBytes > LOG_BYTES) {
      this.#running = this.#run().finally(() => this.#running = undefined);
    }
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
