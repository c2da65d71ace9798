import type { TlsStream } from "../../../deps.ts";
import { type Done, HandedSocket } from "./handed_socket.ts";
import type { RuntimeSocket } from "./runtime_socket.ts";

/** What TLS sends as one record. Of larger pieces a thousand PINGs could stand in one, and HTTP/2's server takes those for a flood. */
const PIECE_BYTES = 16 * 1024;

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
    tls.on("data", (bytes) => this.#receive(bytes));
    tls.on("end", () => this.push(null));
    // A connection that breaks off without TLS's goodbye has ended all the same.
    tls.on("close", () => this.destroy());
  }

  #receive(bytes: Uint8Array): void {
    this.touch();
    let isMoreWanted = true;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      isMoreWanted = this.push(bytes.subarray(at, at + PIECE_BYTES));
    }
    if (!isMoreWanted) this.#below.pause();
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
