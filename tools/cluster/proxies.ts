import { denoCommand, startWords } from "../deno_child.ts";
import { freePort } from "../free_port.ts";

const ROOT = new URL("../../", import.meta.url);

/** What all proxies of a cluster share. */
export interface Shared {
  /** Ends in `/api`. */
  readonly upstream: string;
  readonly redisUrl: string;
  readonly token: string;
  readonly key: string;
  readonly peerKey: string;
  /** Settings besides. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One proxy in a process of its own, as `deno task start` runs it. */
export interface ProxyProcess {
  readonly url: string;
  readonly process: Deno.ChildProcess;
  /** Settles when it serves; rejects where it ends before. */
  readonly ready: Promise<void>;
}

/** Starts a proxy; `tell` gets each line that it says. A port of its own may be given, to be started at again. */
export function startProxy(
  shared: Shared,
  tell: (line: string) => void,
  port: number = freePort(),
): ProxyProcess {
  const process = denoCommand({
    args: [
      "run",
      ...startWords().slice(2, -1).filter((word) => word !== "--env-file"),
      new URL("rest/mod.ts", ROOT).pathname,
    ],
    cwd: ROOT,
    clearEnv: true,
    env: {
      DISCORD_TOKEN: shared.token,
      REST_AUTHORIZATION: shared.key,
      REST_PORT: String(port),
      REST_UPSTREAM: shared.upstream,
      REST_REDIS_URL: shared.redisUrl,
      REST_PEER_KEY: shared.peerKey,
      REST_PEER_URL: `http://127.0.0.1:${freePort()}`,
      REST_LOG_FORMAT: "pretty",
      ...shared.env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ready = Promise.withResolvers<void>();
  const watch = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) =>
    eachLine(stream, (line) => {
      tell(line);
      if (line.includes("Listening on ")) ready.resolve();
    });
  void Promise.all([watch(process.stdout), watch(process.stderr)]).then(() =>
    ready.reject(new Error("A proxy ended before it served"))
  );
  ready.promise.catch(() => {});
  return { url: `http://127.0.0.1:${port}`, process, ready: ready.promise };
}

async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  act: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) act(line);
  }
  if (rest !== "") act(rest);
}
