import { denoCommand } from "../../tools/deno_child.ts";

const ROOT = new URL("../../", import.meta.url);

/** A program of `examples/`, run as its first lines say. */
export interface DenoExample extends AsyncDisposable {
  /** Settles with the first match in what it says; rejects when it ends without one. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: Deno.Signal): void;
  /** Its exit code and all it said, once it has ended. */
  ended(): Promise<{ readonly code: number; readonly said: string }>;
}

/** The words of the line that an example says it is run with, from `deno` on. */
function wordsOf(file: string): string[] {
  const text = Deno.readTextFileSync(new URL(`examples/${file}`, ROOT));
  const line = /^ \*.* (deno run .*)$/m.exec(text)?.[1];
  if (line === undefined) {
    throw new Error(`examples/${file} does not say how to run it`);
  }
  // A `.env` of whoever runs the tests must not be read.
  return line.split(" ").filter((word) =>
    word !== "--env-file" && !word.startsWith("<")
  );
}

/** Runs it with the flags that it names, in the project's folder. */
export function runDeno(
  file: string,
  env: Readonly<Record<string, string>>,
  ...words: string[]
): DenoExample {
  const [, ...args] = wordsOf(file);
  args.splice(1, 0, "--no-prompt", "--cached-only");
  const child = denoCommand({
    args: [...args, ...words],
    cwd: ROOT,
    clearEnv: true,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  let isOver = false;
  let news = Promise.withResolvers<void>();
  const listen = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said += text;
      news.resolve();
      news = Promise.withResolvers();
    }
  };
  const over = Promise.all([listen(child.stdout), listen(child.stderr)])
    .then(() => void (isOver = true));
  const ended = async () => {
    const [{ code }] = await Promise.all([child.status, over]);
    return { code, said };
  };
  return {
    async seen(pattern) {
      for (;;) {
        const found = pattern.exec(said);
        if (found !== null) return found;
        if (isOver) throw new Error(`${pattern} not seen in: ${said}`);
        await Promise.race([news.promise, over]);
      }
    },
    signal: (signal) => child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await ended();
    },
  };
}
