import type { BlobFile } from "./api/discordeno_types.ts";
import type { FileInput } from "./api/types.ts";

/**
 * Reads files without letting the requests behind them overtake: a request
 * that comes while another's files are being read waits for those too.
 */
export class FileReader {
  #last: Promise<unknown> | undefined;

  /** The files, or undefined when there is nothing to wait for. */
  read(files: readonly BlobFile[]): Promise<FileInput[]> | undefined {
    if (files.length === 0 && this.#last === undefined) return undefined;
    const mine = this.#readAfter(this.#last, files);
    this.#last = mine;
    return mine;
  }

  /** Call when the request has been handed on: the next one need not wait for it. */
  handedOn(mine: Promise<FileInput[]>): void {
    if (this.#last === mine) this.#last = undefined;
  }

  async #readAfter(
    before: Promise<unknown> | undefined,
    files: readonly BlobFile[],
  ): Promise<FileInput[]> {
    // Somebody else's unreadable file is no reason not to send this one.
    await before?.catch(() => {});
    return await Promise.all(files.map(async ({ name, blob }) => ({
      name,
      ...(blob.type === "" ? {} : { type: blob.type }),
      bytes: new Uint8Array(await blob.arrayBuffer()),
    })));
  }
}
