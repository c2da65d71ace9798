/** SIGTERM while one channel is backlogged, with callers of other routes who go on: a whole process, @discordjs/rest under Node and plain `fetch`. */
import assert from "node:assert/strict";
import { hasNode, installedPackages } from "../clients/_packages.ts";
import { startProgram } from "../clients/_program.ts";
import { KEY } from "./_held_upstream.ts";
import { type Child, startChild } from "./child.ts";

const TOKEN = `${btoa("123456789012345678")}.a.b`;
const HEADERS = { authorization: KEY, "content-type": "application/json" };
const MESSAGES = 40;
const BUSY = "/api/v10/channels/1/messages";

/** How long other callers pause between two calls. */
const PAUSE_MS = 200;

/** Discord with one busy channel: so many messages per window, and no limit besides. */
class BusyDiscord implements AsyncDisposable {
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #windowMs: number;
  #opensAtMs = 0;
  #left = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
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
    await request.text();
    const isBusy = request.url.endsWith("/channels/1/messages");
    const headers = isBusy ? this.#count() : [];
    // Long enough that calls are in flight whenever the process thinks of its end.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return Response.json({ id: "1" }, { headers });
  }

  #count(): [string, string][] {
    const nowMs = Date.now();
    if (nowMs >= this.#opensAtMs) {
      this.#opensAtMs = nowMs + this.#windowMs;
      this.#left = PER_WINDOW;
    }
    this.#left--;
    return [
      ["x-ratelimit-bucket", "busy"],
      ["x-ratelimit-limit", `${PER_WINDOW}`],
      ["x-ratelimit-remaining", `${Math.max(0, this.#left)}`],
      ["x-ratelimit-reset", (this.#opensAtMs / 1_000).toFixed(3)],
      [
        "x-ratelimit-reset-after",
        ((this.#opensAtMs - nowMs) / 1_000).toFixed(3),
      ],
    ];
  }
}

const PER_WINDOW = 5;

/** A call of somebody else's: when it began, and what came of it. */
interface Call {
  readonly atMs: number;
  readonly outcome: "answered" | "refused connection" | string;
}

interface Stand extends AsyncDisposable {
  readonly child: Child;
  readonly address: string;
  /** Their answers, as they come. */
  readonly messages: ReadonlyArray<Promise<Response>>;
  /** Every call of others until the process had ended. */
  others(): Promise<readonly Call[]>;
}

async function startStand(
  windowMs: number,
  drainMs: number,
): Promise<Stand> {
  const stack = new AsyncDisposableStack();
  const discord = stack.use(new BusyDiscord(windowMs));
  const child = stack.use(
    await startChild({
      env: {
        DISCORD_TOKEN: TOKEN,
        REST_AUTHORIZATION: KEY,
        REST_PORT: "0",
        REST_UPSTREAM: discord.url,
        REST_DRAIN_MS: `${drainMs}`,
      },
    }),
  );
  const [, address = ""] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const bot = stack.use(
    startProgram("discordjs_rest", await installedPackages()),
  );
  await bot.run("point", { origin: address, token: KEY });
  const messages = Array.from(
    { length: MESSAGES },
    (_, at) =>
      fetch(`${address}${BUSY}`, {
        method: "POST",
        headers: HEADERS,
        body: JSON.stringify({ content: `${at}` }),
      }),
  );
  await messages[0];
  let isOver = false;
  stack.defer(() => {
    isOver = true;
  });
  const repeat = (call: (at: number) => Promise<string>) =>
    callUntil(() => isOver, call);
  const loops = [
    repeat((at) => byFetch(`${address}/api/v10/users/${at}`)),
    repeat(async (at) => {
      const { error } = await bot.run("read", { user: `${at}` });
      return error === undefined
        ? "answered"
        : wordOf(`${error.message} ${error.cause}`);
    }),
  ];
  return {
    child,
    address,
    messages,
    async others() {
      await child.ended();
      isOver = true;
      return (await Promise.all(loops)).flat();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function byFetch(url: string): Promise<string> {
  try {
    const response = await fetch(url, { headers: HEADERS });
    const text = await response.text();
    return response.ok ? "answered" : text;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return wordOf(`${error}: ${cause}`);
  }
}

/** Nobody listens any more: that is a matter of the successor. */
function wordOf(message: string): string {
  return /ECONNREFUSED|Connection refused/.test(message)
    ? "refused connection"
    : message;
}

/** Calls every `PAUSE_MS` until the process has ended; no call waits for the one before. */
async function callUntil(
  isOver: () => boolean,
  call: (at: number) => Promise<string>,
): Promise<readonly Call[]> {
  const calls: Promise<Call>[] = [];
  for (let at = 0; !isOver(); at++) {
    const atMs = performance.now();
    calls.push(call(at + 1).then((outcome) => ({ atMs, outcome })));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return await Promise.all(calls);
}

/** What came of the calls of others that did not come too late. */
function failuresOf(calls: readonly Call[]): readonly string[] {
  return calls.map(({ outcome }) => outcome)
    .filter((outcome) =>
      outcome !== "answered" && outcome !== "refused connection"
    );
}

Deno.test({
  name:
    "SIGTERM with 40 messages waiting makes no call to another route fail, and the process ends when nothing waits",
  ignore: !hasNode(),
  async fn() {
    await using stand = await startStand(400, 25_000);
    stand.child.signal("SIGTERM");
    const termAtMs = performance.now();
    const answers = await Promise.all(stand.messages);
    const lastAtMs = performance.now();
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      await answer.body?.cancel();
    }
    const { code, out } = await stand.child.ended();
    assert.equal(code, 0);
    assert.match(
      out,
      /Drained: \d+ requests finished, 0 refused unsent, 0 cut/,
    );

    const calls = await stand.others();
    assert.deepEqual(failuresOf(calls), []);
    const inDrain = calls.filter(({ atMs }) =>
      atMs > termAtMs && atMs < lastAtMs
    );
    // They went on while messages waited; how many come is the machine's affair.
    assert.ok(inDrain.length >= 2, `${inDrain.length} calls during the drain`);
  },
});

Deno.test({
  name:
    "SIGTERM with more waiting than the drain has time for makes no call to another route fail, and refuses at its end only what was left",
  ignore: !hasNode(),
  async fn() {
    // Sixteen seconds of messages: more than the drain has, also where a busy machine comes to its signal late.
    await using stand = await startStand(2_000, 3_000);
    stand.child.signal("SIGTERM");
    const late = await stand.child.seen(/SIGTERM: draining/).then(() =>
      fetch(`${stand.address}${BUSY}`, {
        method: "POST",
        headers: HEADERS,
        body: "{}",
      })
    );
    assert.equal(late.status, 429);
    assert.equal(late.headers.get("x-rest-proxy"), "wait_too_long");
    assert.equal(late.headers.get("connection"), "close");
    assert.equal(late.headers.get("retry-after"), "4");
    assert.ok((await late.json()).sent === false);

    const answers = await Promise.all(stand.messages);
    const statuses = new Set<number>();
    for (const answer of answers) {
      statuses.add(answer.status);
      await answer.body?.cancel();
    }
    assert.deepEqual(statuses, new Set([200, 503]));
    const { code } = await stand.child.ended();
    assert.equal(code, 0);
    assert.deepEqual(failuresOf(await stand.others()), []);
  },
});
