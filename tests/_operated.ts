import assert from "node:assert/strict";
import { buildSluice } from "../tools/build_sluice.ts";
import { reachesRegistry } from "./_registry.ts";

export { reachesRegistry };

export const KEY = "key-of-an-operator";
export const TOKEN = `${btoa("123456789012345678")}.a.b`;

let installed: Promise<string> | undefined;

/** The folder of a project that has the package from a tarball, as its users get it; made once for all tests of a file. */
export function installedSluice(): Promise<string> {
  installed ??= install(async (built, folder) => {
    const packed = await npm(built, "pack", "--pack-destination", folder);
    return [`./${packed.trim().split("\n").at(-1) ?? ""}`];
  });
  return installed;
}

/** The same from the folder that the package is built in, where it is not published yet. */
export function installedFromFolder(): Promise<string> {
  return install((built) => Promise.resolve(["--install-links", built]));
}

/** `wordsFor` says what npm is told to install. */
async function install(
  wordsFor: (built: string, folder: string) => Promise<string[]>,
): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "sluice-package-" });
  addEventListener(
    "unload",
    () => Deno.removeSync(folder, { recursive: true }),
  );
  const built = new URL(`file://${folder}/package/`);
  await buildSluice(built);
  const words = await wordsFor(built.pathname, folder);
  await Deno.writeTextFile(`${folder}/package.json`, `{ "private": true }`);
  const flags = ["--prefer-offline", "--no-audit", "--no-fund"];
  await npm(folder, "install", ...flags, ...words);
  // From here on the package exists only as npm has installed it.
  await Deno.remove(built, { recursive: true });
  return folder;
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("npm", {
    args,
    cwd,
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}

/** `sluice` as an operator starts it, in a folder of its own. */
export class Operated implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #over: Promise<unknown>;
  #said = "";
  #news = Promise.withResolvers<void>();

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.#over = Promise.all([
      this.#listen(child.stdout),
      this.#listen(child.stderr),
    ]);
  }

  /** Starts it with these settings in `.env`; `through` gets the command line behind its own words and runs it. */
  static async start(
    env: Readonly<Record<string, string>>,
    words: readonly string[] = [],
    through: readonly string[] = [],
    project = installedSluice(),
  ): Promise<Operated> {
    const program = `${await project}/node_modules/.bin/sluice`;
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/.env`, textOf(env));
    const [first = program, ...others] = [...through, program, ...words];
    const child = new Deno.Command(first, {
      args: others,
      cwd: folder,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Operated(child, folder);
  }

  /** Writes `.env` anew. */
  async change(env: Readonly<Record<string, string>>): Promise<void> {
    await Deno.writeTextFile(`${this.#folder}/.env`, textOf(env));
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** The process behind it. */
  proxyPid(): number {
    const { pid } = this.#child;
    // Deno itself lets nobody read there who may not do everything.
    const { stdout } = new Deno.Command("cat", {
      args: [`/proc/${pid}/task/${pid}/children`],
    }).outputSync();
    return Number(new TextDecoder().decode(stdout).trim());
  }

  /** Settles with the match when it has said something `count` times. */
  async seen(pattern: RegExp, count = 1): Promise<RegExpMatchArray> {
    const all = new RegExp(pattern, "g");
    while (true) {
      const found = [...this.#said.matchAll(all)][count - 1];
      if (found !== undefined) return found;
      const isOver = await Promise.race([
        this.#news.promise.then(() => false),
        this.#over.then(() => true),
      ]);
      if (isOver) throw new Error(`${pattern} not seen in: ${this.#said}`);
    }
  }

  /** What it said, and its exit code. */
  async ended(): Promise<{ readonly code: number; readonly said: string }> {
    const [{ code }] = await Promise.all([this.#child.status, this.#over]);
    return { code, said: this.#said };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // Twice and apart: at once. A proxy behind a killed supervisor would stay.
      this.#child.kill("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, 600));
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.ended();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #listen(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#said += text;
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    }
  }
}

function textOf(env: Readonly<Record<string, string>>): string {
  return Object.entries(env).map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
