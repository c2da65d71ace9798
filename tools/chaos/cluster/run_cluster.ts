import { randomUUID } from "../../../deps.ts";
import { startSim } from "../../../sim/server.ts";
import type { Shared } from "../../cluster/proxies.ts";
import { startRedisServer } from "../../cluster/redis_server.ts";
import { callAll, type Told } from "./caller.ts";
import { ChaosCluster, SETTLE_MS } from "./chaos_cluster.ts";
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
    await sharedOf(options, sim.url, redis.url, folder),
    redis.process,
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
export async function sharedOf(
  { bots }: Pick<ClusterChaosOptions, "bots">,
  upstream: string,
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
    upstream,
    redisUrl,
    token: "",
    key: KEY,
    peerKey: randomUUID(),
    env: { DISCORD_TOKENS_FILE: file, REST_DRAIN_MS: "10000" },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
