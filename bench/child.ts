import { denoCommand } from "../tools/deno_child.ts";
import { processUse } from "./process_use.ts";

const ROOT = new URL("../", import.meta.url);

/** Modules come from the cache, types are checked elsewhere: ten seconds are a lot. */
const START_MS_MAX = 20_000;
/** How often a program is looked at that says nothing of itself. */
const LOOK_EVERY_MS = 50;

/** A child process that prints its address when it is ready. */
export interface Child extends AsyncDisposable {
  /** The first URL it printed. */
  readonly url: URL;
  readonly pid: number;
  /** Processor time it has used so far; Linux only. */
  readonly cpuMs: () => Promise<number>;
}

export interface ChildOptions {
  /** Relative to the project. */
  readonly script: string;
  readonly args?: readonly string[];
  /** For the runtime. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a script of ours and waits until it prints a URL. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = denoCommand({
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--allow-net",
      "--allow-env",
      "--allow-read",
      ...options.flags ?? [],
      new URL(options.script, ROOT).pathname,
      ...options.args ?? [],
    ],
    cwd: ROOT,
    // Settings of the person who runs the bench must not reach the proxy.
    clearEnv: true,
    env: { ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const end = async () => {
    kill(child);
    await child.status;
  };
  try {
    const [url, rest] = await firstUrl(child.stdout, options.script);
    return {
      url,
      pid: child.pid,
      cpuMs: async () => (await processUse(child.pid)).cpuMs,
      async [Symbol.asyncDispose]() {
        await end();
        await rest;
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Runs a program that tells nobody its address, and waits until something listens there. */
export async function startProgram(
  program: string,
  env: Readonly<Record<string, string>>,
  url: URL,
  args: readonly string[] = [],
): Promise<Child> {
  const child = new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: { ...env },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const end = async () => {
    kill(child);
    await child.status;
  };
  try {
    await listening(url);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    url,
    pid: child.pid,
    cpuMs: async () => (await processUse(child.pid)).cpuMs,
    [Symbol.asyncDispose]: end,
  };
}

async function listening({ hostname, port }: URL): Promise<void> {
  const untilMs = performance.now() + START_MS_MAX;
  while (true) {
    try {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      return connection.close();
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}

async function firstUrl(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
  script: string,
): Promise<[url: URL, rest: Promise<void>]> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${script} printed no address in time`)),
      START_MS_MAX,
    );
  });
  let said = "";
  try {
    while (true) {
      const { value, done } = await Promise.race([reader.read(), late]);
      if (done) throw new Error(`${script} ended early: ${said}`);
      said += value;
      const found = /https?:\/\/[\w.]+:\d+[\w/]*(?=[^\w/])/.exec(said)?.[0];
      if (found !== undefined) return [new URL(found), drain(reader)];
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Empties a pipe, because a full one would stop the child. */
async function drain(
  reader: ReadableStreamDefaultReader<string>,
): Promise<void> {
  while (!(await reader.read()).done);
}

function kill(child: Deno.ChildProcess): void {
  try {
    // Not SIGTERM: a proxy with requests waiting would drain first.
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}
