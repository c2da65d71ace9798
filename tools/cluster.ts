/** `deno task cluster`: three proxies for one bot, a Redis of their own, the simulated Discord. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { randomUUID } from "../deps.ts";
import { startSim } from "../sim/server.ts";
import { startProxy } from "./cluster/proxies.ts";
import {
  HOW_TO_GET_REDIS,
  redisServerPath,
  startRedisServer,
} from "./cluster/redis_server.ts";
import { flags, taskWords } from "./task_words.ts";

const USAGE = `deno task cluster

Starts a simulated Discord, a Redis with files of its own and three proxies for
one bot, and prints where they are. Kill one and see who goes on. Ctrl-C ends
all of them.`;

/** A token of the right shape that is nobody's. */
const TOKEN =
  "MTIzNDU2Nzg5MDEyMzQ1Njc4.demo00.only-the-simulated-discord-takes-it";

const COUNT = 3;
/** A proxy drains within this; who does not is cut. */
const END_MS_MAX = 5_000;

if (import.meta.main) {
  taskWords(USAGE, (words) => flags(words, []));
  const server = redisServerPath();
  if (server === undefined) {
    console.error(HOW_TO_GET_REDIS);
    Deno.exit(1);
  }
  await run(server);
}

async function run(server: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "sluice-cluster-" });
  const sim = await startSim({ latencyOut: { minMs: 30, maxMs: 70 } });
  const redis = await startRedisServer(server, folder);
  const key = randomUUID();
  const shared = {
    upstream: sim.url,
    redisUrl: redis.url,
    token: TOKEN,
    key,
    peerKey: randomUUID(),
    env: { REST_DRAIN_MS: "2000" },
  };
  const proxies = Array.from(
    { length: COUNT },
    (_, at) => startProxy(shared, (line) => console.log(`${at + 1} | ${line}`)),
  );
  let isEnding = false;
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    const ended = proxies.map(({ process }) => endOf(process, "SIGTERM"));
    await Promise.all(ended);
    await endOf(redis.process, "SIGTERM");
    await sim.close();
    await Deno.remove(folder, { recursive: true });
    Deno.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => void end());
  }
  await Promise.all(proxies.map(({ ready }) => ready)).catch(end);
  if (isEnding) return;
  invite(proxies.map(({ url, process }) => ({ url, pid: process.pid })), key);
}

/** Ends a process the soft way, and after a while the hard way. */
async function endOf(
  process: Deno.ChildProcess,
  signal: Deno.Signal,
): Promise<void> {
  const kill = (how: Deno.Signal) => {
    try {
      process.kill(how);
    } catch {
      // It has ended already.
    }
  };
  kill(signal);
  const timer = setTimeout(() => kill("SIGKILL"), END_MS_MAX);
  await process.status;
  clearTimeout(timer);
}

function invite(
  proxies: ReadonlyArray<{ readonly url: string; readonly pid: number }>,
  key: string,
): void {
  const auth = `-H 'Authorization: ${key}'`;
  const [first, second] = proxies;
  console.log([
    "",
    "Three proxies, one bot:",
    ...proxies.map(({ url, pid }, at) =>
      `  ${at + 1}: ${url} (process ${pid})`
    ),
    "",
    "Ask any of them; one of the three sends:",
    `  curl -i ${auth} ${first?.url}/api/v10/users/@me`,
    `  curl -i ${auth} -H 'Content-Type: application/json' -d '{"content":"hello"}' ${second?.url}/api/v10/channels/80000000000000000/messages`,
    "",
    "Then end one and ask again: kill -9 <process>, or kill <process> for a hand-over without a gap.",
    "Ctrl-C ends all.",
    "",
  ].join("\n"));
}
