import type { TlsStream } from "../../../deps.ts";
import { type Done, HandedSocket } from "./handed_socket.ts";
import type { RuntimeSocket } from "./runtime_socket.ts";

/**
 * A connection that has shaken hands, as the stream that Node's servers take.
 *
 * A stream with TLS that is paused goes on taking from what is below it, and
 * keeps what it has unlocked (Deno 2.9.6, seen 2026-11). So it never is: the
 * connection below is paused in its place.
 */
export class TlsSocket extends HandedSocket {
  readonly encrypted = true;
  readonly remoteAddress: string;
  readonly #tls: TlsStream;
  readonly #below: RuntimeSocket;

  constructor(tls: TlsStream, below: RuntimeSocket) {
    super();
    this.#tls = tls;
    this.#below = below;
    this.remoteAddress = below.remoteAddress;
    tls.on("data", (bytes) => {
      this.touch();
      if (!this.push(bytes)) below.pause();
    });
    tls.on("end", () => this.push(null));
    // A connection that breaks off without TLS's goodbye has ended all the same.
    tls.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#below.resume();
  }

  override _final(done: Done): void {
    this.#tls.end(() => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#tls.destroy();
    this.#below.destroy();
    super._destroy(error, done);
  }

  protected override send(bytes: Uint8Array, done: Done): void {
    this.touch();
    this.#tls.write(bytes, done);
  }
}
