import { denoCommand, startWords } from "../deno_child.ts";
import { stallIn } from "./stalls.ts";

const ROOT = new URL("../../", import.meta.url);

/** Modules come from the cache, types are checked elsewhere: a busy machine needs seconds, not more. */
const START_MS_MAX = 60_000;

/** Enough to tell what went wrong; a flood of lines must not be kept. */
const LINES_KEPT = 50;

/** A child process that prints its address once it is ready. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  readonly url: URL;
  /** The last lines it printed. */
  readonly lastLines: readonly string[];
  readonly hasEnded: boolean;
  /** Settles when it has ended, by itself or not. */
  readonly ended: Promise<unknown>;
  /** Asks it to end; resolves with its exit code. */
  stop(): Promise<number>;
}

export interface ChildOptions {
  /** What comes after `deno`, the script's path included. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How many files it may have open; as many as we may unless said. */
  readonly filesMax?: number;
  /** A program that runs it. */
  readonly through?: readonly string[];
  readonly onLine?: (line: string) => void;
}

/** Starts the proxy with the permissions of `deno task start` and settings of its own. */
export async function startProxyChild(
  options: Omit<ChildOptions, "args"> & { readonly moreFlags?: string[] },
): Promise<Child> {
  // The `.env` of the person who runs this must not reach the proxy.
  const flags = startWords().slice(2, -1).filter((word) =>
    word !== "--env-file"
  );
  return await startChild({
    ...options,
    args: [
      "run",
      ...flags,
      ...options.moreFlags ?? [],
      pathOf("rest/mod.ts"),
    ],
    env: { REST_PORT: "0", REST_LOG_FORMAT: "json", ...options.env },
  });
}

/** Starts the simulated Discord; `options` are `sim/server.ts`'s. `onStall` is told how long it stood still, in ms. */
export async function startSimChild(
  options: unknown,
  onStall?: (ms: number) => void,
): Promise<Child> {
  const permissions = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-env"];
  const preload = `--preload=${pathOf("tools/soak/stalls.ts")}`;
  return await startChild({
    args: [
      "run",
      ...permissions,
      ...onStall === undefined ? [] : [preload],
      pathOf("sim/main.ts"),
      JSON.stringify(options),
    ],
    ...onStall && {
      env: { TELL_STALLS: "1" },
      onLine: (line) => {
        const ms = stallIn(line);
        if (ms !== undefined) onStall(ms);
      },
    },
  });
}

function pathOf(file: string): string {
  return new URL(file, ROOT).pathname;
}

async function startChild(options: ChildOptions): Promise<Child> {
  const { args, env, filesMax, through, onLine } = options;
  const child = denoCommand({
    args,
    ...(filesMax !== undefined && { filesMax }),
    ...(through !== undefined && { through }),
    cwd: ROOT,
    clearEnv: true,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const { promise: url, resolve } = Promise.withResolvers<URL>();
  const take = (line: string) => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
    const said = /https?:\/\/127\.0\.0\.1:\d+(?:\/\w+)*/.exec(line)?.[0];
    if (said !== undefined) resolve(new URL(said));
    onLine?.(line);
  };
  const listened = Promise.all([
    readLines(child.stdout, take),
    readLines(child.stderr, take),
  ]);
  let hasEnded = false;
  const ended = child.status.then(async ({ code }) => {
    hasEnded = true;
    await listened;
    return code;
  });
  const end = async (signal: Deno.Signal) => {
    if (!hasEnded) child.kill(signal);
    return await ended;
  };
  const address = await addressOf(url, ended);
  if (address === undefined) {
    await end("SIGKILL");
    throw new Error(`Cannot start ${args.at(-1)}: ${lines.join("\n")}`);
  }
  return {
    pid: child.pid,
    url: address,
    lastLines: lines,
    get hasEnded() {
      return hasEnded;
    },
    ended,
    stop: () => end("SIGTERM"),
    async [Symbol.asyncDispose]() {
      // Not SIGTERM: requests that wait would be drained first.
      await end("SIGKILL");
    },
  };
}

/** The first line it prints; undefined when it ends first or prints nothing in time. */
async function addressOf(
  url: Promise<URL>,
  ended: Promise<number>,
): Promise<URL | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), START_MS_MAX);
  });
  try {
    return await Promise.race([url, late, ended.then(() => undefined)]);
  } finally {
    clearTimeout(timer);
  }
}

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  if (rest !== "") onLine(rest);
}
