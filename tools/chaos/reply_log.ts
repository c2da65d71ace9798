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

/** What a bot saw on its socket of a message: that it went out, or that the proxy refused it without a number, which promises nothing. */
export interface NotedFrame {
  readonly frame: "sent" | "refused";
  /** Of the message. */
  readonly number: number;
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
    this.#write(reply);
    this.#numbers.add(reply.number);
  }

  noteFrame(frame: NotedFrame): void {
    this.#write(frame);
  }

  #write(line: NotedReply | NotedFrame): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#file.writeSync(new TextEncoder().encode(text));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Every reply that was ever noted, oldest first. */
export function readReplies(path: string): NotedReply[] {
  return linesOf(path).filter((line): line is NotedReply => !isFrame(line));
}

/** Every frame that was ever noted, oldest first. */
export function readFrames(path: string): NotedFrame[] {
  return linesOf(path).filter(isFrame);
}

function linesOf(path: string): (NotedReply | NotedFrame)[] {
  const lines = Deno.readTextFileSync(path).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

function isFrame(line: NotedReply | NotedFrame): line is NotedFrame {
  return "frame" in line;
}
