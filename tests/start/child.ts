import { denoCommand, startWords } from "../../tools/deno_child.ts";

const ROOT = new URL("../../", import.meta.url);

/** A proxy in a process of its own, started as `deno task start` does it. */
export interface Child {
  /** Settles with the first match in what it says; rejects when it ends without one. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: Deno.Signal): void;
  /** Everything it said, once it has ended. */
  ended(): Promise<
    { readonly code: number; readonly out: string; readonly err: string }
  >;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ChildOptions {
  /** `deno serve rest/serve.ts` instead of `deno run rest/mod.ts`. */
  readonly isServe?: boolean;
  /** `deno task start`, which is the process that signals go to. */
  readonly isTask?: boolean;
  readonly env?: Record<string, string>;
  /** How many files it may have open; as many as we may unless said. */
  readonly filesMax?: number;
  /** Text of a `.env` in its working directory; none unless given. */
  readonly envFile?: string;
  /** A program and its words that gets the command line behind them and runs it; itself unless said. */
  readonly through?: readonly string[];
}

/** Elsewhere than in the project's folder its lock file would not be found, and packages be asked for anew. */
const NOTHING_FETCHED = [
  `--config=${new URL("deno.json", ROOT).pathname}`,
  "--cached-only",
];

const TASK = [
  "task",
  `--config=${new URL("deno.json", ROOT).pathname}`,
  "start",
];

/** Starts the proxy in an empty directory, so that nobody's own `.env` is read. */
export async function startChild(options: ChildOptions = {}): Promise<Child> {
  const directory = await Deno.makeTempDir();
  if (options.envFile !== undefined) {
    await Deno.writeTextFile(`${directory}/.env`, options.envFile);
  }
  const flags = startWords().slice(2, -1);
  const args = options.isServe
    ? ["serve", "--host=127.0.0.1", "--port=0", ...flags, pathOf("serve.ts")]
    : ["run", ...flags, pathOf("mod.ts")];
  if (options.isTask) args.splice(0, args.length, ...TASK);
  else args.splice(1, 0, ...NOTHING_FETCHED);
  const { filesMax, through } = options;
  const child = denoCommand({
    args,
    ...(filesMax !== undefined && { filesMax }),
    ...(through !== undefined && { through }),
    cwd: directory,
    clearEnv: true,
    env: { ...options.env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return watch(child, directory);
}

function pathOf(file: string): string {
  return new URL(`rest/${file}`, ROOT).pathname;
}

function watch(child: Deno.ChildProcess, directory: string): Child {
  const said = { out: "", err: "" };
  let news = Promise.withResolvers<void>();
  async function listen(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    name: "out" | "err",
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said[name] += text;
      news.resolve();
      news = Promise.withResolvers();
    }
  }
  let isOver = false;
  const over = Promise.all([
    listen(child.stdout, "out"),
    listen(child.stderr, "err"),
  ]).then(() => {
    isOver = true;
  });
  async function ended() {
    const [{ code }] = await Promise.all([child.status, over]);
    return { code, ...said };
  }
  return {
    async seen(pattern) {
      while (true) {
        const text = said.out + said.err;
        const found = pattern.exec(text);
        if (found !== null) return found;
        if (isOver) throw new Error(`${pattern} not seen in: ${text}`);
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
      await Deno.remove(directory, { recursive: true });
    },
  };
}
