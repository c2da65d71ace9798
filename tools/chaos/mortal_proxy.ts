import { drawMs, type Random, type Range } from "../../sim/model/random.ts";
import { forMs } from "./bot_lives.ts";
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

/** What it is started with. */
export interface MortalOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly random: Random;
  /** How long it lives; undefined: it is never killed. */
  readonly lifeMs: Range | undefined;
  readonly onLine: (line: string) => void;
}

export async function startMortalProxy(
  options: MortalOptions,
): Promise<MortalProxy> {
  const { env, random, lifeMs, onLine } = options;
  const failures: string[] = [];
  const startsMs: number[] = [];
  let kills = 0;
  let isSpared = lifeMs === undefined;
  const start = async (port: number): Promise<Child> => {
    const fromMs = performance.now();
    const child = await startProxyChild({
      env: { ...env, REST_PORT: String(port) },
      onLine,
    });
    startsMs.push(performance.now() - fromMs);
    return child;
  };
  let child = await start(0);
  const port = Number(child.url.port);
  const over = new AbortController();
  const dying = (async () => {
    while (!isSpared && lifeMs !== undefined) {
      await forMs(drawMs(random, lifeMs), over.signal);
      if (isSpared) return;
      if (child.hasEnded) failures.push(child.lastLines.join("\n"));
      // Disposing of it is signal 9.
      await child[Symbol.asyncDispose]();
      kills++;
      child = await start(port);
    }
  })();
  return {
    port,
    startsMs,
    failures,
    get kills() {
      return kills;
    },
    async spare() {
      isSpared = true;
      over.abort();
      await dying;
      if (child.hasEnded) failures.push(child.lastLines.join("\n"));
    },
    async [Symbol.asyncDispose]() {
      isSpared = true;
      over.abort();
      await dying.catch(() => {});
      await child[Symbol.asyncDispose]();
    },
  };
}
