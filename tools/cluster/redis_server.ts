import { freePort } from "../free_port.ts";

/** What this machine's packages call it; Valkey is Redis' successor. */
const NAMES = ["redis-server", "valkey-server"];

/** Where packages put servers, besides `PATH`. */
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/** How to come by one, where there is none. */
export const HOW_TO_GET_REDIS =
  "No redis-server or valkey-server is on this machine. Install one with " +
  "apt install redis-server, dnf install valkey or brew install redis, and " +
  "start this again; it runs with files of its own and leaves yours alone.";

/** The path of a Redis or Valkey on this machine; undefined: there is none. */
export function redisServerPath(): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), ...FOLDERS];
  return folders.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`))
    .find(isFile);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A Redis of our own. */
export interface RedisServer {
  readonly url: string;
  readonly process: Deno.ChildProcess;
}

/** Starts one on a free port that keeps its files in `folder`, and waits until it listens. */
export async function startRedisServer(
  path: string,
  folder: string,
): Promise<RedisServer> {
  const port = freePort();
  const process = new Deno.Command(path, {
    args: [
      ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder],
      ["--save", "", "--appendonly", "yes", "--appendfsync", "always"],
    ].flat(),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await listening(port);
  return { url: `redis://127.0.0.1:${port}`, process };
}

/** It is there within a fraction of a second; ten are a lot. */
const START_MS_MAX = 10_000;
const LOOK_MS = 20;

async function listening(port: number): Promise<void> {
  const endMs = performance.now() + START_MS_MAX;
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      if (performance.now() > endMs) {
        throw new Error(`Redis does not listen on 127.0.0.1:${port}`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
