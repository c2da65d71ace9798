/** What came back on a socket, and how it ended. */
export interface RawAnswer {
  /** Everything read, one character per byte. */
  readonly text: string;
  readonly end: "open" | "closed" | "reset";
}

/** A client that sends exactly the bytes it is given. */
export class RawClient implements Disposable {
  readonly #conn: Deno.TcpConn;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async open(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async send(text: string): Promise<void> {
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    for (let at = 0; at < bytes.length;) {
      at += await this.#conn.write(bytes.subarray(at));
    }
  }

  /** Ends the sending half only. */
  halfClose(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Reads until `isEnough`, or until the other side ends it. */
  async read(isEnough: (text: string) => boolean): Promise<RawAnswer> {
    const buffer = new Uint8Array(65_536);
    let text = "";
    while (!isEnough(text)) {
      let count: number | null;
      try {
        count = await this.#conn.read(buffer);
      } catch {
        return { text, end: "reset" };
      }
      if (count === null) return { text, end: "closed" };
      text += String.fromCharCode(...buffer.subarray(0, count));
    }
    return { text, end: "open" };
  }

  /** Reads one answer with a Content-Length (or none). */
  answer(): Promise<RawAnswer> {
    return this.read(isWhole);
  }

  /** Reads to the end of the connection. */
  rest(): Promise<RawAnswer> {
    return this.read((text) => text.length < 0);
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? "0";
  return text.length >= end + 4 + Number(length);
}

/** A request in bytes; `Authorization` is a bot's unless said otherwise. */
export function requestText(
  line: string,
  body = "",
  headers: readonly string[] = ["Authorization: Bot raw.token"],
): string {
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  return [`${line} HTTP/1.1`, "Host: sim", ...headers, ...length, "", body]
    .join("\r\n");
}

/** Status of an answer in bytes. */
export function statusOf({ text }: RawAnswer): number {
  return Number(text.split(" ")[1] ?? "0");
}

/** Body of an answer in bytes. */
export function bodyText({ text }: RawAnswer): string {
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}
