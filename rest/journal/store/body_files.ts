import type { JournalChange } from "../../domain/journal_store.ts";
import { crc32 } from "./deps.ts";
import { bodiesOf } from "./store_change.ts";
import type { KeptBodies, KeptBody } from "./row_columns.ts";
import type { WorkerClient } from "./worker_client.ts";

/**
 * Bodies above this are files: as cells of a row 25 MiB blocked the event loop
 * for 130 to 330 ms (Deno 2.9.6, 2026-11).
 */
const IN_ROW_BYTES_MAX = 256 * 1024;

/** Copied to the worker thread at once: some 3 ms of the event loop. */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** What `crypto.randomUUID()` makes; anything else did not come from us. */
const NAME = /^[0-9a-f-]{36}$/;

/** The folder beside the database where large bodies are files. */
export class BodyFiles {
  readonly #folder: string;
  readonly #worker: WorkerClient;
  /** Bytes of every file by its name. */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(folder: string, worker: WorkerClient) {
    this.#folder = folder;
    this.#worker = worker;
  }

  /** Bytes in files. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Where the bodies of a change are kept: in its row, or in files that last when the promise settles. */
  keep(change: JournalChange): KeptBodies | Promise<KeptBodies> {
    const { body, outcome } = bodiesOf(change);
    const isSmall = isInRow(body) && isInRow(outcome);
    if (isSmall) return { body: inRow(body), outcome: inRow(outcome) };
    return this.#write(body, outcome);
  }

  async #write(body: Body, outcome: Body): Promise<KeptBodies> {
    const kept = isInRow(body) ? inRow(body) : await this.#writeOne(body);
    try {
      const other = isInRow(outcome)
        ? inRow(outcome)
        : await this.#writeOne(outcome);
      return { body: kept, outcome: other };
    } catch (error) {
      if (kept?.file !== undefined) await this.remove(kept.file);
      throw error;
    }
  }

  async #writeOne(body: Uint8Array<ArrayBuffer>): Promise<KeptBody> {
    const file = crypto.randomUUID();
    const path = this.#pathOf(file);
    this.#note(file, body.length);
    try {
      await this.#worker.call(path, { kind: "begin" });
      for (let at = 0; at < body.length; at += CHUNK_BYTES) {
        const bytes = body.slice(at, at + CHUNK_BYTES);
        await this.#worker.call(path, { kind: "write", bytes });
      }
      await this.#worker.call(path, { kind: "finish" });
      return { bytes: undefined, file, sum: crc32(body) };
    } catch (error) {
      await this.remove(file);
      throw error;
    }
  }

  async read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!NAME.test(file)) return undefined;
    return await this.#worker.call(this.#pathOf(file), { kind: "read" });
  }

  /** Removes a file; one that stays is removed at the next start. */
  async remove(file: string): Promise<void> {
    this.#bytes -= this.#sizes.get(file) ?? 0;
    this.#sizes.delete(file);
    await this.#worker.call(this.#pathOf(file), { kind: "remove" })
      .catch(() => {});
  }

  /** Takes stock at the start: what no row names is left over from before. */
  async takeStock(named: ReadonlySet<string>): Promise<void> {
    for await (const { name } of Deno.readDir(this.#folder)) {
      if (!NAME.test(name)) continue;
      const path = this.#pathOf(name);
      if (!named.has(name)) await Deno.remove(path);
      else this.#note(name, (await Deno.stat(path)).size);
    }
  }

  #note(file: string, bytes: number): void {
    this.#sizes.set(file, bytes);
    this.#bytes += bytes;
  }

  #pathOf(file: string): string {
    return `${this.#folder}/${file}`;
  }
}

type Body = Uint8Array<ArrayBuffer> | undefined;

/** Narrows to what needs no file. */
function isInRow(body: Body): body is undefined {
  return body === undefined || body.length <= IN_ROW_BYTES_MAX;
}

function inRow(body: Body): KeptBody | undefined {
  return body && { bytes: body, file: undefined, sum: crc32(body) };
}
