import { Duplex } from "../../../deps.ts";

/** What a stream calls once it has done what it was asked. */
export type Done = (error?: Error | null) => void;

/** A stream that stands for a socket where Node's servers are handed one; who extends it says what is behind. */
export abstract class HandedSocket extends Duplex {
  /** By this Node's server, and ours, know what is secure. */
  abstract readonly encrypted: boolean;
  abstract readonly remoteAddress: string;
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
    this.send(chunk, done);
  }

  /** Header and body of an answer come as two chunks, and leave as one. */
  override _writev(
    chunks: { readonly chunk: Uint8Array }[],
    done: Done,
  ): void {
    const length = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const { chunk } of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.send(whole, done);
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
