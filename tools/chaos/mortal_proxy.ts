import { forMs } from "./bot_lives.ts";
import { type Fault, straceWords } from "./strace.ts";
import { type Child, startProxyChild } from "../soak/child.ts";

/** A proxy that is killed with signal 9 and started again, always on the same port. */
export interface MortalProxy extends AsyncDisposable {
  readonly port: number;
  readonly kills: number;
  /** How long its starts took, from the process to its port, in ms. */
  readonly startsMs: readonly number[];
  /** Its last words, where it ended by itself. */
  readonly failures: readonly string[];
  /** It dies no more; settles when it runs. */
  spare(): Promise<void>;
}

/** One life of it. */
export interface Life {
  /** It is killed then, unless it has died before. */
  readonly ms: number;
  /** Kills it at one of its system calls, or makes them fail. */
  readonly fault?: Fault;
}

/** What it is started with. */
export interface MortalOptions {
  readonly env: Readonly<Record<string, string>>;
  /** The next life; undefined: it dies no more. The first one has no fault. */
  readonly nextLife: () => Life | undefined;
  readonly onLine: (line: string) => void;
}

/** Long enough to begin a journal. */
const FIRST_MS = 300;

export async function startMortalProxy(
  options: MortalOptions,
): Promise<MortalProxy> {
  const first = options.nextLife();
  const startsMs: number[] = [];
  const child = await start(options, 0, undefined, startsMs);
  return new Mortal(options, startsMs, child, first);
}

class Mortal implements MortalProxy {
  readonly port: number;
  readonly startsMs: number[];
  readonly failures: string[] = [];
  kills = 0;
  readonly #options: MortalOptions;
  readonly #spared = new AbortController();
  readonly #dying: Promise<void>;
  #isSpared = false;
  #child: Child;
  #life: Life | undefined;

  constructor(
    options: MortalOptions,
    startsMs: number[],
    child: Child,
    first: Life | undefined,
  ) {
    this.#options = options;
    this.port = Number(child.url.port);
    this.startsMs = startsMs;
    this.#child = child;
    // The first one has no fault, and makes room for those that have.
    this.#life = first?.fault === undefined ? first : { ms: FIRST_MS };
    this.#dying = this.#liveAndDie();
  }

  async #liveAndDie(): Promise<void> {
    while (this.#life !== undefined && !this.#isSpared) {
      const { ms, fault } = this.#life;
      const { ended } = this.#child;
      const { signal } = this.#spared;
      const died = new AbortController();
      void ended.then(() => died.abort());
      await forMs(ms, AbortSignal.any([signal, died.signal]));
      if (this.#isSpared) return;
      if (fault === undefined) this.#noteFailure();
      // Disposing of it is signal 9.
      await this.#child[Symbol.asyncDispose]();
      this.kills++;
      await this.#rise();
    }
  }

  /** Starts it until it listens: one with a fault may end before. */
  async #rise(): Promise<void> {
    for (;;) {
      this.#life = this.#isSpared ? undefined : this.#options.nextLife();
      const fault = this.#life?.fault;
      try {
        this.#child = await start(
          this.#options,
          this.port,
          fault,
          this.startsMs,
        );
        return;
      } catch (error) {
        if (fault === undefined) throw error;
        this.kills++;
      }
    }
  }

  #noteFailure(): void {
    const { hasEnded, lastLines } = this.#child;
    if (hasEnded) this.failures.push(lastLines.join("\n"));
  }

  async spare(): Promise<void> {
    this.#isSpared = true;
    this.#spared.abort();
    await this.#dying;
    if (this.#life?.fault !== undefined) {
      await this.#child[Symbol.asyncDispose]();
      await this.#rise();
    }
    this.#noteFailure();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isSpared = true;
    this.#spared.abort();
    await this.#dying.catch(() => {});
    await this.#child[Symbol.asyncDispose]();
  }
}

async function start(
  { env, onLine }: MortalOptions,
  port: number,
  fault: Fault | undefined,
  startsMs: number[],
): Promise<Child> {
  const fromMs = performance.now();
  const child = await startProxyChild({
    env: { ...env, REST_PORT: String(port) },
    ...fault && { through: straceWords(fault) },
    onLine,
  });
  // Tracing slows a start down.
  if (fault === undefined) startsMs.push(performance.now() - fromMs);
  return child;
}
