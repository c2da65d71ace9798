import { type Done, HandedSocket } from "./handed_socket.ts";

/** What is read at a time, held for every idle connection, too. */
const READ_BYTES_MIN = 4 * 1024;
/** While a read fills its buffer the next one is this large, as with plain sockets. */
const READ_BYTES_MAX = 64 * 1024;

/**
 * A connection of the runtime's, as the stream that Node's servers take. Node's
 * own listeners on Unix sockets accept nothing more once the process was short
 * of files, and what Node reads for TLS cannot be paused (Deno 2.9.6, seen
 * 2026-11); this one is accepted by us, and reads only what is asked for.
 */
export class RuntimeSocket extends HandedSocket {
  readonly encrypted = false;
  readonly remoteAddress: string;
  readonly #connection: Deno.Conn;
  #readBytes = READ_BYTES_MIN;

  constructor(connection: Deno.Conn) {
    super();
    const { remoteAddr } = connection;
    this.#connection = connection;
    this.remoteAddress = "hostname" in remoteAddr
      ? remoteAddr.hostname
      : remoteAddr.transport;
  }

  override _read(): void {
    const buffer = new Uint8Array(this.#readBytes);
    this.#connection.read(buffer).then((count) => {
      this.touch();
      if (count === null) return void this.push(null);
      this.#readBytes = count === buffer.length
        ? READ_BYTES_MAX
        : READ_BYTES_MIN;
      this.push(buffer.subarray(0, count));
    }, () => void this.destroy());
  }

  override _final(done: Done): void {
    this.#connection.closeWrite().then(() => done(), () => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    try {
      this.#connection.close();
    } catch {
      // It was closed from the other side.
    }
    super._destroy(error, done);
  }

  protected override send(bytes: Uint8Array, done: Done): void {
    this.#writeAll(bytes).then(() => done(), done);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    this.touch();
    let rest = bytes;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#connection.write(rest));
    }
  }
}
