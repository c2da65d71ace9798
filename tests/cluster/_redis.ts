/** Debian's Redis, where it is installed: a process of its own on a free port. */
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import {
  openRedisLink,
  type RedisLink,
} from "../../rest/cluster/redis/link.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { freePort } from "../../tools/free_port.ts";

/** Where Debian's packages put it, or its successor. */
const SERVERS = ["/usr/bin/redis-server", "/usr/bin/valkey-server"];

const SERVER = SERVERS.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Tests that need it are passed over where it is not installed. */
export const hasRedis: boolean = SERVER !== undefined;

export interface TestRedis extends AsyncDisposable {
  readonly url: Secret;
  readonly port: number;
  signal(signal: Deno.Signal): void;
  /** Ends it with signal 9. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same port and files. */
  restart(): Promise<void>;
  link(): Promise<RedisLink>;
}

/** `words` are further words of its command line: `--maxmemory-policy allkeys-lru`. */
export async function startRedis(...words: string[]): Promise<TestRedis> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const url = new Secret(`redis://127.0.0.1:${port}`);
  const args = [
    ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder],
    ["--save", "", "--appendonly", "yes", "--appendfsync", "always"],
    words,
  ].flat();
  const start = () =>
    new Deno.Command(SERVER ?? "", { args, stdout: "null", stderr: "null" })
      .spawn();
  let child = start();
  const links: RedisLink[] = [];
  await answering(url);
  const kill = async () => {
    child.kill("SIGKILL");
    await child.status;
  };
  return {
    url,
    port,
    signal: (signal) => child.kill(signal),
    kill,
    async restart() {
      child = start();
      await answering(url);
    },
    async link() {
      const link = await openRedisLink(url, SYSTEM_CLOCK);
      links.push(link);
      return link;
    },
    async [Symbol.asyncDispose]() {
      for (const link of links) link.close();
      try {
        await kill();
      } catch {
        // It has ended already.
      }
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Settles when it answers; it takes some ten milliseconds, and longer on a busy machine. */
async function answering(url: Secret): Promise<void> {
  const endsAtMs = performance.now() + START_MS_MAX;
  while (performance.now() < endsAtMs) {
    const link = await openRedisLink(url, SYSTEM_CLOCK);
    try {
      await link.call(["PING"]);
      return;
    } catch (error) {
      // It answers nobody without a password, but it answers.
      if (/NOAUTH/.test(`${error}`)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      link.close();
    }
  }
  throw new Error(`No Redis at ${url.reveal()}`);
}

const START_MS_MAX = 10_000;
