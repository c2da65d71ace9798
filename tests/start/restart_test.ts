/** Restarts behind a socket that a parent holds, under load, seen by callers that never try twice. */
import assert from "node:assert/strict";
import { denoCommand, startWords } from "../../tools/deno_child.ts";
import { KEY } from "./_held_upstream.ts";

const ROOT = new URL("../../", import.meta.url);
const PYTHON = "python3";

/** Holds a socket, as systemd does; for each line it reads, one process follows another. Prints the port first, and a line when the next one listens. */
const PARENT = `
import os, signal, socket, subprocess, sys
held = socket.socket()
held.bind(("127.0.0.1", 0))
held.listen(512)
port = held.getsockname()[1]
if held.fileno() != 3:
    os.dup2(held.fileno(), 3)
def start():
    process = subprocess.Popen(sys.argv[1:], pass_fds=(3,), stdout=subprocess.PIPE)
    while b"Listening on" not in process.stdout.readline():
        if process.poll() is not None:
            sys.exit("the proxy ended")
    return process
process = start()
print(port, flush=True)
for line in sys.stdin:
    process.send_signal(signal.SIGTERM)
    process.communicate()
    if process.returncode != 0:
        sys.exit("ended with %d" % process.returncode)
    process = start()
    print("again", flush=True)
process.kill()
`;

const PAUSE_MS = 50;
const RESTARTS = 3;

function hasPython(): boolean {
  try {
    return new Deno.Command(PYTHON, { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

/** Discord, which writes down what came to each channel in which order. */
class WritingDiscord implements AsyncDisposable {
  readonly url: string;
  readonly messages = new Map<string, number[]>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#answer(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/api`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { content } = await request.json();
    const { pathname } = new URL(request.url);
    const there = this.messages.get(pathname) ?? [];
    this.messages.set(pathname, [...there, Number(content)]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return Response.json({ id: "1" });
  }
}

/** The processes that follow one another, and where they listen. */
interface Processes extends AsyncDisposable {
  readonly address: string;
  /** Puts the next one in the place of the present one. */
  restart(): Promise<void>;
}

async function startProcesses(upstream: string): Promise<Processes> {
  const flags = startWords().slice(2, -1)
    .filter((word) => word !== "--env-file");
  const child = denoCommand({
    through: [PYTHON, "-c", PARENT],
    args: ["run", "--cached-only", ...flags, "rest/mod.ts"],
    cwd: ROOT,
    env: {
      LISTEN_FDS: "1",
      DISCORD_TOKEN: `${btoa("123456789012345678")}.a.b`,
      REST_AUTHORIZATION: KEY,
      REST_UPSTREAM: upstream,
    },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  async function nextLine(): Promise<string> {
    while (!said.includes("\n")) {
      const { value } = await lines.read();
      assert.ok(value !== undefined, "the parent has ended");
      said += value;
    }
    const [line = "", ...rest] = said.split("\n");
    said = rest.join("\n");
    return line;
  }
  return {
    address: `http://127.0.0.1:${await nextLine()}`,
    async restart() {
      await input.write(new TextEncoder().encode("\n"));
      assert.equal(await nextLine(), "again");
    },
    async [Symbol.asyncDispose]() {
      await input.close();
      await lines.cancel();
      await child.status;
    },
  };
}

/** Posts one message; what comes of it, in a word. */
async function post(url: string, at: number): Promise<string> {
  // No connection is used twice, so nothing is tried again by the runtime.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(url, {
      client,
      method: "POST",
      headers: { authorization: KEY, "content-type": "application/json" },
      body: JSON.stringify({ content: `${at}` }),
    });
    const text = await response.text();
    return response.ok ? "answered" : text;
  } catch (error) {
    return `${error}: ${error instanceof Error ? error.cause : ""}`;
  }
}

function channelOf(address: string, id: number): string {
  return `${address}/api/v10/channels/${id}/messages`;
}

Deno.test({
  name:
    "a caller with one call every 50 ms and no retries does not notice three restarts under load, nor do the callers of eight busy channels, whose order holds",
  ignore: !hasPython(),
  async fn() {
    await using discord = new WritingDiscord();
    await using processes = await startProcesses(discord.url);
    const { address } = processes;
    let isOver = false;

    async function callSteadily(): Promise<string[]> {
      const calls: Promise<string>[] = [];
      for (let at = 1; !isOver; at++) {
        calls.push(post(channelOf(address, 100 + at), at));
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      return await Promise.all(calls);
    }
    /** As fast as it goes, one after the other. */
    async function load(channel: number): Promise<string[]> {
      const outcomes: string[] = [];
      for (let at = 1; !isOver; at++) {
        outcomes.push(await post(channelOf(address, channel), at));
      }
      return outcomes;
    }
    const callers = [callSteadily(), ...[1, 2, 3, 4, 5, 6, 7, 8].map(load)];
    for (let count = 0; count < RESTARTS; count++) {
      await new Promise((resolve) => setTimeout(resolve, 10 * PAUSE_MS));
      await processes.restart();
    }
    isOver = true;
    const outcomes = (await Promise.all(callers)).flat();
    const failures = outcomes.filter((outcome) => outcome !== "answered");
    assert.deepEqual(failures, []);
    assert.ok(outcomes.length >= 100, `${outcomes.length} calls`);
    for (const [channel, came] of discord.messages) {
      const inOrder = Array.from(came, (_, at) => came[0] === 1 ? at + 1 : NaN);
      if (came.length > 1) assert.deepEqual(came, inOrder, channel);
    }
  },
});
