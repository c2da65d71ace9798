/** Real programs that give up, come back or are killed: what they asked for is made once. */
import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import { KEY, startTestProxy } from "../_proxy.ts";
import { hasNode, installedPackages, loaderOf } from "./_packages.ts";

/** An upstream that makes every message it is asked for, however long it takes to say so. */
class SlowDiscord implements AsyncDisposable {
  readonly url: string;
  made = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #answerAfterMs: number;
  readonly #headers: Record<string, string>;

  constructor(answerAfterMs: number, headers: Record<string, string> = {}) {
    this.#answerAfterMs = answerAfterMs;
    this.#headers = headers;
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#answer(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/api`;
  }

  async #answer(request: Request): Promise<Response> {
    await request.body?.pipeTo(new WritableStream());
    if (request.method === "POST") this.made++;
    await new Promise((resolve) => setTimeout(resolve, this.#answerAfterMs));
    return Response.json({ id: "1" }, { headers: this.#headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A message with a file, with a time-out in ms; says how it ended. */
const DISCORDJS = `
const [loader, url, key, timeout] = process.argv.slice(1);
const { load } = await import(loader);
const { REST } = await load("@discordjs/rest");
const rest = new REST({ api: url, version: "10", timeout: Number(timeout) }).setToken(key);
await rest.post("/channels/1/messages", {
  body: { content: "a file" },
  files: [{ name: "a.bin", data: Buffer.alloc(300_000, 7) }],
}).then(() => console.log("sent"), (error) => console.log(error.name));
`;

/** Runs it; resolves with what it said last. */
async function discordjs(port: number, timeoutMs: number): Promise<string> {
  const { stdout } = await new Deno.Command("node", {
    args: [
      "--input-type=module",
      "--eval",
      DISCORDJS,
      loaderOf(await installedPackages()),
      `http://127.0.0.1:${port}/api`,
      KEY,
      String(timeoutMs),
    ],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

interface Trial {
  readonly what: string;
  readonly timeoutMs: number;
  readonly answerAfterMs: number;
  /** The channel's limit is spent for so long when the program comes. */
  readonly busyS?: number;
  readonly ends: string;
}

/**
 * The defaults (15 s) before a Discord that takes 17 s are tried in a tenth of
 * the time, unless SLUICE_REAL_TIMES is set.
 */
const SCALE = Deno.env.has("SLUICE_REAL_TIMES") ? 1 : 10;

const TRIALS: readonly Trial[] = [
  {
    what: "on a busy channel and with a second of patience",
    timeoutMs: 1_000,
    answerAfterMs: 20,
    busyS: 2.5,
    ends: "sent",
  },
  {
    what: "with nothing queued and Discord answering after three seconds",
    timeoutMs: 1_000,
    answerAfterMs: 3_000,
    ends: "sent",
  },
  {
    what: "with its default patience and Discord answering a little later",
    timeoutMs: 15_000 / SCALE,
    answerAfterMs: 17_000 / SCALE,
    ends: "sent",
  },
];

for (const { what, timeoutMs, answerAfterMs, busyS, ends } of TRIALS) {
  Deno.test({
    name: `@discordjs/rest makes one message with a file ${what}`,
    ignore: !hasNode(),
    async fn() {
      await using discord = new SlowDiscord(
        answerAfterMs,
        busyS === undefined ? {} : {
          "via": "1.1 google",
          "x-ratelimit-bucket": "messages",
          "x-ratelimit-limit": "1",
          "x-ratelimit-remaining": "0",
          "x-ratelimit-reset": String(Date.now() / 1_000 + busyS),
          "x-ratelimit-reset-after": String(busyS),
        },
      );
      await using proxy = await startTestProxy({
        env: { REST_UPSTREAM: discord.url },
      });
      if (busyS !== undefined) {
        const first = await fetch(`${proxy.url}/api/v10/channels/1/messages`, {
          method: "POST",
          headers: { authorization: KEY },
          body: "{}",
        });
        await first.body?.cancel();
        discord.made = 0;
      }
      assert.equal(await discordjs(proxy.port, timeoutMs), ends);
      await proxy.proxy.drain(10_000);
      assert.equal(discord.made, 1);
    },
  });
}

/** A bot that posts one message, its body in a segment of its own or not, and waits for the answer. */
const BOT = `
const [port, key, segments] = Deno.args;
const body = '{"content":"once"}';
const head = "POST /api/v10/channels/1/messages HTTP/1.1\\r\\nHost: x\\r\\n" +
  "Authorization: " + key + "\\r\\nContent-Type: application/json\\r\\n" +
  "Content-Length: " + body.length + "\\r\\n\\r\\n";
const socket = await Deno.connect({ port: Number(port) });
socket.setNoDelay(true);
const write = (text) => socket.write(new TextEncoder().encode(text));
if (segments === "2") {
  await write(head);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await write(body);
} else await write(head + body);
console.log("asked");
const bytes = new Uint8Array(4096);
const count = await socket.read(bytes);
console.log(new TextDecoder().decode(bytes.subarray(0, count ?? 0)).split("\\r\\n")[0]);
socket.close();
`;

function startBot(port: number, segments: number): Deno.ChildProcess {
  return denoCommand({
    args: ["run", "--no-prompt", "--allow-net", "-", String(port), KEY]
      .concat(String(segments)),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Hands a bot its program, and reads on until it has said so many lines. */
async function linesOf(
  bot: Deno.ChildProcess,
  lines: AsyncIterator<string>,
): Promise<string> {
  const { value } = await lines.next();
  assert.ok(value !== undefined, `the bot ${bot.pid} said nothing`);
  return value;
}

async function* saidBy(bot: Deno.ChildProcess): AsyncGenerator<string> {
  const writer = bot.stdin.getWriter();
  await writer.write(new TextEncoder().encode(BOT));
  await writer.close();
  let text = "";
  for await (const chunk of bot.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
}

for (const segments of [1, 2]) {
  Deno.test(`a bot that is killed with signal 9 and started again makes one message over HTTP, in ${segments} segments`, async () => {
    await using discord = new SlowDiscord(1_500);
    await using proxy = await startTestProxy({
      env: { REST_UPSTREAM: discord.url },
    });
    const first = startBot(proxy.port, segments);
    const firstLines = saidBy(first);
    assert.equal(await linesOf(first, firstLines), "asked");
    while (discord.made === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    first.kill("SIGKILL");
    await first.status;
    await firstLines.return(undefined);
    const second = startBot(proxy.port, segments);
    const lines = saidBy(second);
    assert.equal(await linesOf(second, lines), "asked");
    assert.equal(await linesOf(second, lines), "HTTP/1.1 200 OK");
    await lines.return(undefined);
    await second.status;
    await proxy.proxy.drain(10_000);
    assert.equal(discord.made, 1);
  });
}
