import { randomUUID } from "../../../deps.ts";
import { createRandom } from "../../../sim/model/random.ts";
import { type Sim, startSim } from "../../../sim/server.ts";
import {
  type ProxyProcess,
  type Shared,
  startProxy,
} from "../../cluster/proxies.ts";
import { startRedisServer } from "../../cluster/redis_server.ts";
import { callAll, type Told } from "./caller.ts";
import { type ClusterVerdict, type Disturbance, verdictOn } from "./verdict.ts";

/** How large a run is. */
export interface ClusterChaosOptions {
  readonly seed: number;
  readonly bots: number;
  /** Of each bot, over two channels. */
  readonly messages: number;
  readonly proxies: number;
  /** One after the other, each at a proxy of its own. */
  readonly disturbances: readonly Disturbance[];
  /** Between two messages of a channel. */
  readonly gapMs?: number;
  /** A Redis or Valkey. */
  readonly redis: string;
  readonly tell?: (line: string) => void;
}

const CHANNELS = 2;
const KEY = "chaos-key-0123456789abcdef";

/** Fast enough that a kill finds requests on their way; a bot's global limit is Discord's. */
const WORLD = {
  recordLimit: 250_000,
  keepBodyBytes: 200,
  rules: [{ match: "POST /channels/{}/messages", limit: 20, periodMs: 1_000 }],
  latencyIn: { minMs: 0, maxMs: 3 },
  latencyOut: { minMs: 1, maxMs: 20 },
  // All bots leave by one address here.
  ipPool: { isOn: false },
} as const;

/** Leases are spread within some seconds of a start. */
const SETTLE_MS = 5_000;
/** Longer than a take-over: each disturbance finds a whole cluster. */
const BETWEEN_MS = 6_000;
/** A zombie that wakes when its leases are long over. */
const STOP_MS = 8_000;
const DOWN_MS = 1_000;

/** Runs bots through a cluster of real processes while its proxies are killed, stopped and replaced. */
export async function runClusterChaos(
  options: ClusterChaosOptions,
): Promise<ClusterVerdict> {
  const { seed, redis: path, tell = () => {} } = options;
  const folder = await Deno.makeTempDir({ prefix: "cluster-chaos-" });
  const sim = await startSim({ ...WORLD, seed });
  const redis = await startRedisServer(path, folder);
  const faults: string[] = [];
  const cluster = await ChaosCluster.start(
    await sharedOf(options, sim, redis.url, folder),
    options.proxies,
    (line) => {
      if (/\bbug\b|fault of our own/i.test(line)) faults.push(line);
      tell(line);
    },
  );
  try {
    await sleep(SETTLE_MS);
    const calls = startCallers(options, cluster.urls);
    const moments = await cluster.disturb(options, calls);
    const told = (await calls).flat();
    return verdictOn({ told, moments, faults, requests: sim.requests() });
  } finally {
    await cluster.end();
    redis.process.kill("SIGKILL");
    await redis.process.status;
    await sim.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function startCallers(
  { bots, messages, gapMs = 40 }: ClusterChaosOptions,
  doors: readonly string[],
): Promise<Told[][]> {
  const each = Math.ceil(messages / CHANNELS);
  return Promise.all(
    Array.from({ length: bots * CHANNELS }, (_, index) => {
      const bot = Math.floor(index / CHANNELS);
      return callAll({
        doors,
        first: bot % doors.length,
        key: KEY,
        botId: `bot${bot}`,
        channelId: String(1_300_000_000_000_000_000n + BigInt(index)),
        contents: Array.from({ length: each }, (_, at) => `c${index}-${at}`),
        gapMs,
      });
    }),
  );
}

/** Every proxy knows every bot. */
async function sharedOf(
  { bots }: ClusterChaosOptions,
  { url }: Sim,
  redisUrl: string,
  folder: string,
): Promise<Shared> {
  const tokens = Array.from({ length: bots }, (_, bot) => {
    const id = String(1_200_000_000_000_000_000n + BigInt(bot));
    return [
      `bot${bot}`,
      `${
        btoa(id).replaceAll("=", "")
      }.chaos0.only-the-simulated-discord-takes-it`,
    ];
  });
  const file = `${folder}/tokens.json`;
  await Deno.writeTextFile(file, JSON.stringify(Object.fromEntries(tokens)));
  await Deno.chmod(file, 0o600);
  return {
    upstream: url,
    redisUrl,
    token: "",
    key: KEY,
    peerKey: randomUUID(),
    env: { DISCORD_TOKENS_FILE: file, REST_DRAIN_MS: "10000" },
  };
}

/** The proxies of a run. */
class ChaosCluster {
  readonly #shared: Shared;
  readonly #tell: (line: string) => void;
  readonly #proxies: ProxyProcess[];

  static async start(
    shared: Shared,
    count: number,
    tell: (line: string) => void,
  ): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(shared, count, tell);
    await Promise.all(cluster.#proxies.map(({ ready }) => ready));
    return cluster;
  }

  private constructor(
    shared: Shared,
    count: number,
    tell: (line: string) => void,
  ) {
    this.#shared = shared;
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
    { seed, disturbances }: ClusterChaosOptions,
    calls: Promise<unknown>,
  ): Promise<readonly (readonly [Disturbance, number])[]> {
    const random = createRandom(seed);
    const first = Math.floor(random() * this.#proxies.length);
    const moments: (readonly [Disturbance, number])[] = [];
    let isOver = false;
    void calls.then(() => isOver = true);
    for (const [turn, disturbance] of disturbances.entries()) {
      await sleep(BETWEEN_MS);
      if (isOver) break;
      const at = (first + turn) % this.#proxies.length;
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
    if (disturbance === "stop") {
      process.kill("SIGSTOP");
      await sleep(STOP_MS);
      return process.kill("SIGCONT");
    }
    process.kill(disturbance === "kill" ? "SIGKILL" : "SIGTERM");
    await process.status;
    await sleep(DOWN_MS);
    const next = startProxy(
      this.#shared,
      (line) => this.#tell(`${at + 1} | ${line}`),
      Number(new URL(url).port),
    );
    this.#proxies[at] = next;
    await next.ready;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
