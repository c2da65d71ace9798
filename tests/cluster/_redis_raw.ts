/** Looks at a Redis without the product's own client: everything it holds, and everything it is told. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** A reply as it is: text, numbers as text, lists. */
export type RawReply = string | undefined | readonly RawReply[];

/** A connection of its own. */
export class RawRedis implements Disposable {
  readonly #connection: Deno.TcpConn;
  #text = "";

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(port: number, password?: string): Promise<RawRedis> {
    const hostname = "127.0.0.1";
    const raw = new RawRedis(await Deno.connect({ hostname, port }));
    if (password !== undefined) await raw.call("AUTH", password);
    return raw;
  }

  async call(...words: readonly string[]): Promise<RawReply> {
    const parts = words.map((word) => {
      const { length } = encoder.encode(word);
      return `$${length}\r\n${word}\r\n`;
    });
    const command = `*${words.length}\r\n${parts.join("")}`;
    await this.#connection.write(encoder.encode(command));
    return await this.#reply();
  }

  /** Everything in it, as one text: keys, fields, values. */
  async dump(): Promise<string> {
    const found: string[] = [];
    for (const key of listOf(await this.call("KEYS", "*"))) {
      const type = String(await this.call("TYPE", key));
      found.push(key, textOf(await this.call(...readOf(type, key))));
    }
    return found.join("\n");
  }

  /** Everything that it is told from now on, passwords apart; ends with the connection. */
  async monitor(): Promise<{ readonly text: () => string }> {
    await this.call("MONITOR");
    let told = "";
    void (async () => {
      try {
        for (;;) told += await this.#read();
      } catch {
        // It is closed.
      }
    })();
    return { text: () => told };
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #reply(): Promise<RawReply> {
    const line = await this.#line();
    const [kind, rest] = [line[0], line.slice(1)];
    if (kind === "-") throw new Error(rest);
    if (kind === "$") {
      const length = Number(rest);
      return length < 0 ? undefined : await this.#bytes(length);
    }
    if (kind !== "*") return rest;
    const list: RawReply[] = [];
    for (let left = Number(rest); left > 0; left--) {
      list.push(await this.#reply());
    }
    return list;
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\r\n")) this.#text += await this.#read();
    const end = this.#text.indexOf("\r\n");
    return this.#take(end, "\r\n".length);
  }

  async #bytes(length: number): Promise<string> {
    while (this.#text.length < length + 2) this.#text += await this.#read();
    return this.#take(length, "\r\n".length);
  }

  #take(length: number, more: number): string {
    const taken = this.#text.slice(0, length);
    this.#text = this.#text.slice(length + more);
    return taken;
  }

  async #read(): Promise<string> {
    const buffer = new Uint8Array(65_536);
    const count = await this.#connection.read(buffer);
    if (count === null) throw new Error("Redis has closed the connection");
    return decoder.decode(buffer.subarray(0, count));
  }
}

function readOf(type: string, key: string): string[] {
  switch (type) {
    case "hash":
      return ["HGETALL", key];
    case "string":
      return ["GET", key];
    case "list":
      return ["LRANGE", key, "0", "-1"];
    case "set":
      return ["SMEMBERS", key];
    case "zset":
      return ["ZRANGE", key, "0", "-1"];
    case "stream":
      return ["XRANGE", key, "-", "+"];
    default:
      throw new Error(`No test reads a ${type}: ${key}`);
  }
}

function textOf(reply: RawReply): string {
  return reply instanceof Array ? reply.map(textOf).join("\n") : reply ?? "";
}

function listOf(reply: RawReply): string[] {
  return reply instanceof Array ? reply.map(textOf) : [];
}
