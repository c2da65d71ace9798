import type { WorkerAnswer, WorkerTask } from "./worker_calls.ts";

/** The main thread's end of the journal's worker thread. */
export class WorkerClient implements Disposable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, (answer: WorkerAnswer) => void>();
  #lastId = 0;
  #problem: string | undefined;

  /** `paths`: the files and folders that the thread may read and write. */
  constructor(paths: readonly string[]) {
    const files = [...paths];
    const none = { env: false, ffi: false, net: false, run: false, sys: false };
    this.#worker = new Worker(import.meta.resolve("./store_worker.ts"), {
      type: "module",
      name: "journal",
      deno: { permissions: { ...none, read: files, write: files } },
    });
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      const settle = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      settle?.(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(`its thread ended: ${event.message}`);
    };
  }

  /** Settles when the thread runs; before, it needs rights of the process to read its own modules. */
  async begun(): Promise<void> {
    await this.call("", { kind: "begun" });
  }

  /** Set once the thread has ended by itself: why. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Has something done to a file; rejects with an error that says why it was not. */
  async call(
    path: string,
    task: WorkerTask,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#problem !== undefined) throw new Error(this.#problem);
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<WorkerAnswer>();
    this.#pending.set(id, resolve);
    const transfer = task.kind === "write" ? [task.bytes.buffer] : [];
    this.#worker.postMessage({ id, path, ...task }, transfer);
    const { bytes, problem } = await promise;
    if (problem !== undefined) throw new Error(problem);
    return bytes;
  }

  #fail(problem: string): void {
    this.#problem = problem;
    for (const [id, settle] of this.#pending) settle({ id, problem });
    this.#pending.clear();
  }

  /** Ends the thread; what it was asked for fails. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#fail("it is closed");
  }
}
