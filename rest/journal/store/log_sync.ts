import { JournalFailure } from "../../domain/journal_store.ts";

/**
 * Makes the database's log survive the end of the machine. One sync runs at a
 * time; whoever asks meanwhile shares the next one.
 */
export class LogSync implements Disposable {
  readonly #log: Deno.FsFile;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #isBroken = false;

  /** `log`: the database's log, open as long as the database is. */
  constructor(log: Deno.FsFile) {
    this.#log = log;
  }

  /** True once a sync has failed: what the disk has of the log is unknown from then on, and no later sync tells. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** What is said of changes then: also of those that are there, since nobody knows. */
  failure(): JournalFailure {
    return new JournalFailure(
      "store_unreachable",
      "The journal's disk failed to keep what was written: look after it, and start the proxy again",
    );
  }

  /** Settles when everything written before the call is on the disk. */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    const again = () => this.#start();
    return this.#next ??= this.#running.then(again, again);
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const done = () => this.#running = undefined;
    const running = this.#log.syncData().catch(() => {
      this.#isBroken = true;
      throw this.failure();
    }).finally(done);
    return this.#running = running;
  }

  [Symbol.dispose](): void {
    this.#log.close();
  }
}
