const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Answers here are small; a longer header is broken. */
const HEAD_BYTES_MAX = 64 * 1024;

/** Most answers here fit; thousands of connections are open at once, and memory touched first is slow. */
const FIRST_READ_BYTES = 2 * 1024;

const LINE_END = encoder.encode("\r\n");
const HEAD_END = encoder.encode("\r\n\r\n");

const LENGTH = /\r\ncontent-length: (\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: chunked/i;

/** Where requests go, and what every one of them carries. */
export interface Place {
  readonly hostname: string;
  readonly port: number;
  /** `name: value`, without line ends. */
  readonly headers: readonly string[];
}

/** What a load driver needs to write a request. */
export interface RawRequest {
  readonly method: string;
  /** Path as it goes on the wire. */
  readonly target: string;
  readonly body?: string;
  /** `name: value`. */
  readonly header?: string;
}

/**
 * One keep-alive connection that sends a request and reads its status, as
 * cheaply as can be: a driver that costs more than what it drives measures
 * itself.
 */
export class RawConnection {
  readonly #socket: Deno.Conn;
  readonly #head: string;
  #buffer = new Uint8Array(FIRST_READ_BYTES);
  #filled = 0;

  private constructor(socket: Deno.Conn, place: Place) {
    this.#socket = socket;
    this.#head = [
      ` HTTP/1.1`,
      `host: ${place.hostname}:${place.port}`,
      ...place.headers,
      "",
    ].join("\r\n");
  }

  static async open(place: Place): Promise<RawConnection> {
    const { hostname, port } = place;
    const socket = await Deno.connect({ hostname, port });
    socket.setNoDelay();
    return new RawConnection(socket, place);
  }

  /** Sends one request; settles with its status when its answer's last byte is here. */
  ask(request: RawRequest): Promise<number> {
    return this.askEncoded(this.encode(request));
  }

  /** As `ask`, of what `encode` made before. */
  async askEncoded(bytes: Uint8Array): Promise<number> {
    await this.#write(bytes);
    return await this.#readAnswer();
  }

  /** A request as it goes over this connection. */
  encode({ method, target, body, header }: RawRequest): Uint8Array {
    const more = header === undefined ? "" : `${header}\r\n`;
    const start = `${method} ${target}${this.#head}${more}`;
    // Discord's own writes without a body carry a length of 0.
    if (method === "GET") return encoder.encode(`${start}\r\n`);
    const length = body === undefined ? 0 : encoder.encode(body).length;
    const type = body === undefined ? "" : "content-type: application/json\r\n";
    return encoder.encode(
      `${start}${type}content-length: ${length}\r\n\r\n${body ?? ""}`,
    );
  }

  close(): void {
    try {
      this.#socket.close();
    } catch {
      // The other side was faster.
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      written += await this.#socket.write(bytes.subarray(written));
    }
  }

  async #readAnswer(): Promise<number> {
    const headEnd = await this.#readUntil(HEAD_END, 0);
    const head = decoder.decode(this.#buffer.subarray(0, headEnd));
    const status = Number(head.slice(9, 12));
    let end = headEnd;
    if (CHUNKED.test(head)) {
      end = await this.#readChunks(headEnd);
    } else {
      end += Number(LENGTH.exec(head)?.[1] ?? 0);
      while (this.#filled < end) await this.#readMore();
    }
    this.#buffer.copyWithin(0, end, this.#filled);
    this.#filled -= end;
    return status;
  }

  /** Where the chunked body that begins at `from` ends. */
  async #readChunks(from: number): Promise<number> {
    while (true) {
      const lineEnd = await this.#readUntil(LINE_END, from);
      const line = decoder.decode(this.#buffer.subarray(from, lineEnd));
      const size = Number.parseInt(line, 16);
      from = lineEnd + size + 2;
      while (this.#filled < from) await this.#readMore();
      if (size === 0) return from;
    }
  }

  /** The place behind the next `mark`, read on until it is there. */
  async #readUntil(mark: Uint8Array, from: number): Promise<number> {
    while (true) {
      const at = indexOf(this.#buffer, mark, from, this.#filled);
      if (at >= 0) return at + mark.length;
      if (this.#filled - from > HEAD_BYTES_MAX) {
        throw new Error("Cannot read answer: its head never ends");
      }
      await this.#readMore();
    }
  }

  async #readMore(): Promise<void> {
    if (this.#filled === this.#buffer.length) {
      const wider = new Uint8Array(this.#buffer.length * 2);
      wider.set(this.#buffer);
      this.#buffer = wider;
    }
    const count = await this.#socket.read(this.#buffer.subarray(this.#filled));
    if (count === null) {
      throw new Error("Cannot read answer: the connection closed before it");
    }
    this.#filled += count;
  }
}

/** Compares the first byte alone at most places: calling a function at each place was measurably slower. */
function indexOf(
  bytes: Uint8Array,
  mark: Uint8Array,
  from: number,
  end: number,
): number {
  for (let at = from; at <= end - mark.length; at++) {
    if (bytes[at] !== mark[0]) continue;
    if (mark.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}
