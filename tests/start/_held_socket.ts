/** A socket that a parent holds, and the processes that follow one another behind it. */
import assert from "node:assert/strict";
import { denoCommand, startWords } from "../../tools/deno_child.ts";
import { KEY } from "./_held_upstream.ts";

const ROOT = new URL("../../", import.meta.url);
const PYTHON = "python3";

/** Holds a socket, as systemd does; for each line it reads, one process follows another, with the upstream that the line names. Prints the port first, and a line when the next one listens. */
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
    if line.strip():
        os.environ["REST_UPSTREAM"] = line.strip()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    if process.returncode != 0:
        sys.exit("ended with %d" % process.returncode)
    process = start()
    print("again", flush=True)
process.kill()
`;

/** Of the right shape, and nobody's. */
export const TOKEN = `${btoa("123456789012345678")}.a.b`;

/** The parent is written in Python, which a machine need not have. */
export function hasPython(): boolean {
  try {
    return new Deno.Command(PYTHON, { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

/** The processes that follow one another, and where they listen. */
export interface Processes extends AsyncDisposable {
  readonly address: string;
  /** Puts the next one in the place of the present one, before another upstream if one is given. */
  restart(upstream?: string): Promise<void>;
}

/** Starts the first of them; `env` is for all. */
export async function startProcesses(
  upstream: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Processes> {
  const flags = startWords().slice(2, -1)
    .filter((word) => word !== "--env-file");
  const child = denoCommand({
    through: [PYTHON, "-c", PARENT],
    args: ["run", "--cached-only", ...flags, "rest/mod.ts"],
    cwd: ROOT,
    env: {
      LISTEN_FDS: "1",
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_UPSTREAM: upstream,
      ...env,
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
    async restart(next = "") {
      await input.write(new TextEncoder().encode(`${next}\n`));
      assert.equal(await nextLine(), "again");
    },
    async [Symbol.asyncDispose]() {
      await input.close();
      await lines.cancel();
      await child.status;
    },
  };
}
