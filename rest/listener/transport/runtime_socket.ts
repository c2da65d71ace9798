import { Duplex } from "../../../deps.ts";

/** What is read at a time, held for every idle connection, too. */
const READ_BYTES_MIN = 4 * 1024;
/** While a read fills its buffer the next one is this large, as with plain sockets. */
const READ_BYTES_MAX = 64 * 1024;

type Done = (error?: Error | null) => void;

/**
 * A connection of the runtime's, as the stream that Node's servers take. Node's
 * own servers with TLS read on whatever is paused, and those on Unix sockets
 * accept nothing more once the process was short of files (Deno 2.9.6, seen
 * 2026-11); this one reads only what is asked for, and is accepted by us.
 */
export class RuntimeSocket extends Duplex {
  /** By this Node's server, and ours, know what is secure. */
  readonly encrypted: boolean;
  readonly remoteAddress: string;
  readonly #connection: Deno.Conn;
  #readBytes = READ_BYTES_MIN;
  #quietMs = 0;
  #activeAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Deno.Conn, isSecure: boolean) {
    super({ allowHalfOpen: true });
    const { remoteAddr } = connection;
    this.#connection = connection;
    this.encrypted = isSecure;
    this.remoteAddress = "hostname" in remoteAddr
      ? remoteAddr.hostname
      : remoteAddr.transport;
  }

  override _read(): void {
    const buffer = new Uint8Array(this.#readBytes);
    this.#connection.read(buffer).then((count) => {
      this.#activeAtMs = performance.now();
      if (count === null) return void this.push(null);
      this.#readBytes = count === buffer.length
        ? READ_BYTES_MAX
        : READ_BYTES_MIN;
      this.push(buffer.subarray(0, count));
      // A connection that breaks off without TLS's goodbye has ended all the same.
    }, () => void this.destroy());
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#writeAll(chunk).then(() => done(), done);
  }

  /** Header and body of an answer come as two chunks, and leave as one. */
  override _writev(chunks: { chunk: Uint8Array }[], done: Done): void {
    const length = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const { chunk } of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.#writeAll(whole).then(() => done(), done);
  }

  override _final(done: Done): void {
    this.#connection.closeWrite().then(() => done(), () => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer);
    try {
      this.#connection.close();
    } catch {
      // It was closed from the other side.
    }
    done(error);
  }

  /** As of Node's sockets: `timeout` is emitted once nothing has moved for so long; 0 calls it off. */
  setTimeout(quietMs: number): this {
    this.#quietMs = quietMs;
    this.#activeAtMs = performance.now();
    if (quietMs > 0 && this.#timer === undefined) this.#watch(quietMs);
    return this;
  }

  /** What is written goes out at once as it is. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Sends what is still to be sent, then cuts the connection. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  #watch(afterMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#quietMs === 0) return;
      const leftMs = this.#activeAtMs + this.#quietMs - performance.now();
      if (leftMs > 0) this.#watch(leftMs);
      else this.emit("timeout");
    }, afterMs);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    this.#activeAtMs = performance.now();
    let rest = bytes;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#connection.write(rest));
    }
  }
}

/** Whether TLS is spoken on a socket of a server's. */
export function isSecure(socket: object): boolean {
  return "encrypted" in socket && socket.encrypted === true;
}
