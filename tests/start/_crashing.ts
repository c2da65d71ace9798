import { type Child, startProxyChild } from "../../tools/soak/child.ts";
import { KEY, TOKEN } from "../_proxy.ts";

/** Discord, which counts what came and answers when it is let. */
export class CountingDiscord implements AsyncDisposable {
  readonly url: string;
  /** `POST /api/v10/channels/1/messages {"content":"1"}`, oldest first. */
  readonly calls: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #gate = Promise.resolve();
  #open: () => void = () => {};
  #news = Promise.withResolvers<void>();

  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#answer(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/api`;
  }

  /** From now on nobody is answered until `release`. */
  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    this.#open = resolve;
  }

  release(): void {
    this.#open();
    this.#gate = Promise.resolve();
  }

  /** Settles once that many calls have come. */
  async arrived(count: number): Promise<void> {
    while (this.calls.length < count) await this.#news.promise;
  }

  /** The contents of the messages that came, in order. */
  get contents(): string[] {
    return this.calls.flatMap((call) =>
      /"content":"([^"]*)"/.exec(call)?.[1] ?? []
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const text = await request.text();
    this.calls.push(`${request.method} ${pathname} ${text}`.trimEnd());
    this.#news.resolve();
    this.#news = Promise.withResolvers();
    const number = this.calls.length;
    await this.#gate;
    return Response.json({ id: String(number) });
  }
}

/** A proxy that dies and comes back, on one port and with one journal. */
export interface Mortal extends AsyncDisposable {
  readonly url: string;
  /** What it has said since its last start. */
  readonly said: readonly string[];
  /** Signal 9. */
  kill(): Promise<void>;
  /** SIGTERM; settles when it has ended. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startMortal(
  discord: Pick<CountingDiscord, "url">,
  env: Readonly<Record<string, string>> = {},
): Promise<Mortal> {
  const folder = await Deno.makeTempDir({ prefix: "journal-" });
  let said: string[] = [];
  let child: Child | undefined;
  let port = "0";
  const start = async () => {
    said = [];
    child = await startProxyChild({
      env: {
        DISCORD_TOKEN: TOKEN,
        REST_AUTHORIZATION: KEY,
        REST_UPSTREAM: discord.url,
        REST_PORT: port,
        REST_JOURNAL: `${folder}/journal.db`,
        ...env,
      },
      onLine: (line) => said.push(line),
    });
    ({ port } = child.url);
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    get said() {
      return said;
    },
    async kill() {
      // Disposing of it is signal 9.
      await child?.[Symbol.asyncDispose]();
    },
    async stop() {
      await child?.stop();
    },
    start,
    async [Symbol.asyncDispose]() {
      await child?.[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** What a caller sends. */
export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly content?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What it got. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- JSON, looked into member by member.
  readonly body: any;
}

/** Posts a message unless told otherwise. */
export async function ask(
  { url }: Pick<Mortal, "url">,
  sent: Sent = {},
): Promise<Got> {
  const { method = "POST", path = "/channels/1/messages", content = "hi" } =
    sent;
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: KEY,
      "content-type": "application/json",
      ...sent.headers,
    },
    body: method === "GET" ? null : JSON.stringify({ content }),
    ...sent.signal && { signal: sent.signal },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

/** Asks for an answer until it is there. */
export async function fetched(mortal: Mortal, location: string): Promise<Got> {
  for (;;) {
    const got = await ask(mortal, { method: "GET", path: location });
    if (got.status !== 202) return got;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
