import { Duplex } from "../../../deps.ts";

/** What a stream calls once it has done what it was asked. */
export type Done = (error?: Error | null) => void;

/** What is copied into one piece to be sent at once. */
const TOGETHER_BYTES_MAX = 64 * 1024;

/** A stream that stands for a socket where Node's servers are handed one; who extends it says what is behind. */
export abstract class HandedSocket extends Duplex {
  /** By this Node's server, and ours, know what is secure. */
  abstract readonly encrypted: boolean;
  abstract readonly remoteAddress: string;
  /** Of what was written, what the other side or the system has taken. */
  takenBytes = 0;
  onTaken: ((bytes: number) => void) | undefined;
  #quietMs = 0;
  #activeAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  /** Something has moved. */
  protected touch(): void {
    this.#activeAtMs = performance.now();
  }

  /** Sends bytes out; `done` once they are taken, so that it is seen who reads nothing. */
  protected abstract send(bytes: Uint8Array, done: Done): void;

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#sendFrom([{ chunk }], 0, done);
  }

  /** Header and body of an answer come as two chunks, and leave as one; what is more than that leaves bit by bit, so that little of it is held twice. */
  override _writev(
    chunks: { readonly chunk: Uint8Array }[],
    done: Done,
  ): void {
    this.#sendFrom(chunks, 0, done);
  }

  #sendFrom(
    chunks: readonly { readonly chunk: Uint8Array }[],
    from: number,
    done: Done,
  ): void {
    let bytes = 0;
    let to = from;
    do bytes += chunks[to++]?.chunk.length ?? 0; while (
      to < chunks.length &&
      bytes + (chunks[to]?.chunk.length ?? 0) <= TOGETHER_BYTES_MAX
    );
    const isLast = to >= chunks.length;
    this.send(joined(chunks.slice(from, to), bytes), (error) => {
      this.takenBytes += bytes;
      this.onTaken?.(bytes);
      if (error || isLast) done(error);
      else this.#sendFrom(chunks, to, done);
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer);
    this.#quietMs = 0;
    done(error);
  }

  /** As of Node's sockets: `timeout` is emitted once nothing has moved for so long; 0 calls it off. */
  setTimeout(quietMs: number): this {
    this.#quietMs = quietMs;
    this.touch();
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
}

/** Whether TLS is spoken on a socket of a server's. */
export function isSecure(socket: object): boolean {
  return "encrypted" in socket && socket.encrypted === true;
}

function joined(
  chunks: readonly { readonly chunk: Uint8Array }[],
  bytes: number,
): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first.chunk;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const { chunk } of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
