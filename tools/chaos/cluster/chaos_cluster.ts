import { createRandom } from "../../../sim/model/random.ts";
import {
  type ProxyProcess,
  type Shared,
  startProxy,
} from "../../cluster/proxies.ts";
import type { Disturbance } from "./verdict.ts";

/** Leases are spread within some seconds of a start. */
export const SETTLE_MS = 5_000;
/** Longer than a take-over: each disturbance finds a whole cluster. */
const BETWEEN_MS = 6_000;
/** A zombie that wakes when its leases are long over. */
const STOP_MS = 8_000;
/** All leases would be over. */
const REDIS_STOP_MS = 5_000;
const DOWN_MS = 1_000;
const STARTS_MAX = 5;

/** The proxies of a run. */
export class ChaosCluster {
  readonly #shared: Shared;
  readonly #redis: Deno.ChildProcess;
  readonly #tell: (line: string) => void;
  readonly #proxies: ProxyProcess[];

  static async start(
    shared: Shared,
    redis: Deno.ChildProcess,
    count: number,
    tell: (line: string) => void,
  ): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(shared, redis, count, tell);
    await Promise.all(cluster.#proxies.map(({ ready }) => ready));
    return cluster;
  }

  private constructor(
    shared: Shared,
    redis: Deno.ChildProcess,
    count: number,
    tell: (line: string) => void,
  ) {
    this.#shared = shared;
    this.#redis = redis;
    this.#tell = tell;
    this.#proxies = Array.from(
      { length: count },
      (_, at) => startProxy(shared, (line) => tell(`${at + 1} | ${line}`)),
    );
  }

  get urls(): readonly string[] {
    return this.#proxies.map(({ url }) => url);
  }

  /** Does all of it, one after the other; returns when each began. */
  async disturb(
    { seed, disturbances }: {
      readonly seed: number;
      readonly disturbances: Iterable<Disturbance>;
    },
    calls: Promise<unknown>,
  ): Promise<readonly (readonly [Disturbance, number])[]> {
    const random = createRandom(seed);
    const first = Math.floor(random() * this.#proxies.length);
    const moments: (readonly [Disturbance, number])[] = [];
    let isOver = false;
    void calls.then(() => isOver = true);
    let at = first;
    for (const disturbance of disturbances) {
      await sleep(BETWEEN_MS);
      if (isOver) break;
      at = (at + 1) % this.#proxies.length;
      this.#tell(`${at + 1} | ${disturbance}`);
      moments.push([disturbance, performance.now()]);
      await this.#act(disturbance, at);
    }
    return moments;
  }

  async end(): Promise<void> {
    for (const { process } of this.#proxies) {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
    }
    await Promise.all(this.#proxies.map(({ process }) => process.status));
  }

  async #act(disturbance: Disturbance, at: number): Promise<void> {
    const { process, url } = this.#proxies[at] as ProxyProcess;
    if (disturbance === "stop") return await stopFor(process, STOP_MS);
    if (disturbance === "redis") {
      return await stopFor(this.#redis, REDIS_STOP_MS);
    }
    process.kill(disturbance === "kill" ? "SIGKILL" : "SIGTERM");
    await process.status;
    await sleep(DOWN_MS);
    await this.#start(at, Number(new URL(url).port));
  }

  /** Somebody's connection may have the port that was free for its peers, and Redis be late. */
  async #start(at: number, port: number): Promise<void> {
    for (let left = STARTS_MAX; left > 0; left--) {
      const next = startProxy(
        this.#shared,
        (line) => this.#tell(`${at + 1} | ${line}`),
        port,
      );
      this.#proxies[at] = next;
      const isReady = await next.ready.then(() => true, () => false);
      if (isReady) return;
    }
    throw new Error(`Proxy ${at + 1} does not start`);
  }
}

async function stopFor(
  process: Deno.ChildProcess,
  ms: number,
): Promise<void> {
  process.kill("SIGSTOP");
  await sleep(ms);
  process.kill("SIGCONT");
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
