/** A reply as a bot noted it. */
export interface NotedReply {
  /** Number of the message it answers. */
  readonly number: number;
  readonly status: number;
  /** The id Discord gave the message; null where the reply had none. */
  readonly id: string | null;
  /** True when an earlier life sent the request. */
  readonly wasMissed: boolean;
  /** The refusal's code; null or left out of an answer of Discord's. */
  readonly code?: string | null;
  /** What the refusal says; left out where nothing was refused. */
  readonly said?: string;
}

/**
 * The replies that reached a process of one bot, on disk: all that a process
 * knows of those before it. Each is one line, written before the next event of
 * the process and so before the reply is acknowledged for good.
 */
export class ReplyLog implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #numbers: Set<number>;

  private constructor(file: Deno.FsFile, numbers: Set<number>) {
    this.#file = file;
    this.#numbers = numbers;
  }

  static open(path: string): ReplyLog {
    const file = Deno.openSync(path, { append: true, create: true });
    const numbers = readReplies(path).map(({ number }) => number);
    return new ReplyLog(file, new Set(numbers));
  }

  has(number: number): boolean {
    return this.#numbers.has(number);
  }

  note(reply: NotedReply): void {
    const line = `${JSON.stringify(reply)}\n`;
    this.#file.writeSync(new TextEncoder().encode(line));
    this.#numbers.add(reply.number);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Every line that was ever written, oldest first. */
export function readReplies(path: string): NotedReply[] {
  const lines = Deno.readTextFileSync(path).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}
