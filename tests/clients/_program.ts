import { loaderOf } from "./_packages.ts";

/** What one step came to. */
export type Outcome =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: TrialError };

/** An error as the library threw it; `code` and `nested` are Discord's, where it has them. */
export interface TrialError {
  readonly name: string;
  readonly message: string;
  /** Why no answer came, as Node calls it. */
  readonly cause?: unknown;
  readonly code?: unknown;
  readonly nested?: unknown;
}

/** One request the library really sent, and the status it got. */
export interface Exchange {
  readonly method: string;
  /** Scheme and host. */
  readonly origin: string;
  readonly path: string;
  readonly hasAuthorization: boolean;
  /** How many others to the same path waited for their answer when it was sent. */
  readonly besides: number;
  /** 0: it was given up. */
  readonly status: number;
  /** `X-Rest-Proxy`, "" where Discord answered. */
  readonly by: string;
}

/** A library in a Node process of its own. */
export interface Program extends AsyncDisposable {
  /** Does one step; steps may overlap. */
  run(act: string, details: object): Promise<Outcome>;
  /** What the library sent since the last time it was asked. */
  wire(): Promise<readonly Exchange[]>;
  /** How many errors it has thrown that nobody could catch. */
  unhandled(): Promise<number>;
}

/** Longer than any step takes on a busy machine. */
const STEP_MS_MAX = 60_000;

/** Starts `programs/<name>.mjs` with the packages of `folder`. */
export function startProgram(name: string, folder: string): Program {
  const path = new URL(`programs/${name}.mjs`, import.meta.url).pathname;
  const child = new Deno.Command("node", {
    args: [decodeURIComponent(path)],
    env: { CLIENT_PACKAGES: loaderOf(folder), NODE_NO_WARNINGS: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new NodeProgram(name, child);
}

class NodeProgram implements Program {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  readonly #over: Promise<unknown>;
  #said = "";
  #id = 0;

  constructor(name: string, child: Deno.ChildProcess) {
    this.#name = name;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#over = Promise.all([this.#readAnswers(), this.#readNoise()]);
  }

  async run(act: string, details: object): Promise<Outcome> {
    const id = ++this.#id;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.#waiting.set(id, resolve);
    const timer = setTimeout(() => reject(this.#silence(act)), STEP_MS_MAX);
    const line = JSON.stringify({ id, act, with: details });
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
    const ended = this.#over.then(() => Promise.reject(this.#silence(act)));
    try {
      return await Promise.race([promise, ended]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
      ended.catch(() => {});
    }
  }

  async wire(): Promise<readonly Exchange[]> {
    const { value } = await this.run("wire", {});
    return value as readonly Exchange[];
  }

  async unhandled(): Promise<number> {
    const { value } = await this.run("unhandled", {});
    return Number(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#over;
    await this.#child.status;
  }

  #silence(act: string): Error {
    return new Error(`${this.#name} did not answer "${act}": ${this.#said}`);
  }

  async #readAnswers(): Promise<void> {
    let rest = "";
    for await (const text of textOf(this.#child.stdout)) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const { id, ...outcome } = JSON.parse(line);
        this.#waiting.get(id)?.(outcome);
      }
    }
  }

  async #readNoise(): Promise<void> {
    for await (const text of textOf(this.#child.stderr)) this.#said += text;
  }
}

function textOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<string> {
  return stream.pipeThrough(new TextDecoderStream());
}
