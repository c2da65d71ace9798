import {
  ResponseReader,
  type WireResponse,
} from "../../tools/fuzz/response_reader.ts";

/** Longer than anything here takes; a test that waits so long has failed. */
const WAIT_MS_MAX = 10_000;

/** A raw connection to the proxy: any bytes in, responses out. */
export class Wire implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #reader: ResponseReader;
  readonly responses: WireResponse[] = [];
  /** Closed by the other side. */
  isClosed = false;

  private constructor(connection: Deno.TcpConn, isHead: boolean) {
    this.#connection = connection;
    this.#reader = new ResponseReader(isHead);
  }

  static async open(port: number, isHead = false): Promise<Wire> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return new Wire(connection, isHead);
  }

  /** Sends one byte per character, as far as the other side takes them. */
  async send(text: string): Promise<void> {
    let bytes = bytesOf(text);
    try {
      while (bytes.length > 0) {
        bytes = bytes.subarray(await this.#connection.write(bytes));
      }
    } catch {
      // Refused before its end: what came back tells why.
    }
  }

  async endSending(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Reads until so many responses are here, or the other side closes. */
  async read(count: number): Promise<void> {
    const late = setTimeout(() => this.#connection.close(), WAIT_MS_MAX);
    const buffer = new Uint8Array(64 * 1024);
    try {
      while (this.responses.length < count && !this.isClosed) {
        const length = await this.#connection.read(buffer);
        if (length === null) this.isClosed = true;
        else this.#take(buffer.subarray(0, length));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      this.isClosed = true;
    } finally {
      clearTimeout(late);
    }
  }

  /** Reads so many bytes and does not look at them. */
  async readSome(bytes: number): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    for (let left = bytes; left > 0;) {
      const length = await this.#connection.read(buffer);
      if (length === null) throw new Error("Closed before so many bytes came");
      left -= length;
    }
  }

  #take(bytes: Uint8Array): void {
    this.responses.push(...this.#reader.push(latin1Of(bytes)));
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function latin1Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
