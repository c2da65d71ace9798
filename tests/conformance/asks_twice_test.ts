/** Callers that leave, come back, change their mind and mix names, over HTTP and REP, against a model of what must come of it. */
import assert from "node:assert/strict";
import type { Endpoint } from "../../rest/listener/http/incoming_request.ts";
import { createRandom, type Random } from "../../sim/model/random.ts";
import { KEY, startTestProxy } from "../_proxy.ts";
import { ChangingDiscord } from "./_changing_discord.ts";

const SEED = Number(Deno.env.get("ASKS_TWICE_SEED") ?? Date.now() % 100_000);
const BOTS = 12;
const STEPS = 6;

/** No library gives up sooner, and none of these comes back more often. */
const PATIENCE_MS = 130;
const TRIES_MAX = 12;

/** What must come of one message, by its path and body. */
interface Expected {
  /** Names under which it was done: each is one message. */
  named: number;
  /** Callers without a name who gave up: what they left behind may have been made. */
  givenUp: number;
}

/** Says which message a request without a name is, to whoever counts the answers; it does not cross. */
const NAME_HEADER = "x-test-name";

/** Somebody with a client name, a channel and a member of its own; one thing after the other. */
class Bot {
  readonly #random: Random;
  readonly #url: string;
  readonly #name: string;
  /** Every message it asked for. */
  readonly names = new Set<string>();
  readonly expected = new Map<string, Expected>();
  /** The last change that was told to be done, by path. */
  readonly changed = new Map<string, string>();
  #used = 0;

  constructor(
    index: number,
    { random, url }: { readonly random: Random; readonly url: string },
  ) {
    this.#random = random;
    this.#url = url;
    this.#name = `bot-${index}`;
  }

  async live(): Promise<void> {
    // What runs for the first time is slow.
    await this.#ask("GET", "/gateway", { mayLeave: false });
    for (let step = 0; step < STEPS; step++) {
      const roll = this.#random();
      if (roll < 0.35) await this.#say();
      else if (roll < 0.5) await this.#sayNamed();
      else if (roll < 0.65) await this.#sayInSession();
      else if (roll < 0.8) await Promise.all([this.#say(), this.#sayNamed()]);
      else await this.#changeMinds();
    }
  }

  /** A message without a name: sent again by its library until it is answered. */
  async #say(): Promise<void> {
    const { path, body } = this.#message();
    const headers = { [NAME_HEADER]: `${path} ${body}` };
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const mayLeave = true;
      const status = await this.#ask("POST", path, { body, headers, mayLeave });
      if (status !== undefined && status < 300) return;
    }
    this.#note(path, body).givenUp++;
  }

  /** The same with a fresh Idempotency-Key: what Discord said the first time is said again. */
  async #sayNamed(): Promise<void> {
    const { path, body } = this.#message();
    const headers = { "idempotency-key": `${this.#name}-${this.#used++}` };
    for (;;) {
      const status = await this.#ask("POST", path, {
        body,
        headers,
        mayLeave: true,
      });
      if (status === undefined) continue;
      if (status < 300) this.#note(path, body).named++;
      return;
    }
  }

  /** The same over REP: the connection is lost now and then, the req is sent again. */
  async #sayInSession(): Promise<void> {
    const { path, body } = this.#message();
    const req = `${this.#name}-${this.#used++}`;
    const session = `${this.#name}-${req}`;
    const frame = {
      target: `/v10${path}`,
      method: "ACTION",
      data: JSON.parse(body),
      req,
    };
    for (;;) {
      const status = await this.#overSocket(session, frame);
      if (status === undefined) continue;
      if (status < 300) this.#note(path, body).named++;
      return;
    }
  }

  /** Changes something some times without waiting for the end, and once to the end. */
  async #changeMinds(): Promise<void> {
    const isRole = this.#random() < 0.5;
    const path = isRole
      ? `/guilds/1/members/${this.#number}/roles/3`
      : `/channels/${this.#number}`;
    const hasty = Math.floor(this.#random() * 4);
    for (let n = 0; n <= hasty; n++) {
      const isOn = this.#random() < 0.5;
      const method = isRole ? isOn ? "PUT" : "DELETE" : "PATCH";
      const body = isRole
        ? undefined
        : JSON.stringify({ topic: isOn ? "a" : "b" });
      const status = await this.#ask(method, path, {
        body,
        mayLeave: n < hasty,
      });
      if (n < hasty) continue;
      assert.ok(status !== undefined && status < 300, `${method} ${status}`);
      const value = method === "DELETE" ? "" : `${method} ${body ?? ""}`;
      this.changed.set(`/api/v10${path}`, value);
    }
  }

  get #number(): number {
    return 1_000 + Number(this.#name.slice(4));
  }

  #message(): { readonly path: string; readonly body: string } {
    const word = this.#random() < 0.5 ? "ok" : "again";
    const path = `/channels/${this.#number}/messages`;
    const body = JSON.stringify({ content: word });
    this.names.add(`${path} ${body}`);
    return { path, body };
  }

  #note(path: string, body: string): Expected {
    const name = `${path} ${body}`;
    const expected = this.expected.get(name) ?? { named: 0, givenUp: 0 };
    this.expected.set(name, expected);
    return expected;
  }

  /** The status, or undefined where the caller left before it. */
  async #ask(
    method: string,
    path: string,
    { body, headers, mayLeave }: {
      readonly body?: string | undefined;
      readonly headers?: Record<string, string>;
      readonly mayLeave: boolean;
    },
  ): Promise<number | undefined> {
    const waitMs = PATIENCE_MS + this.#random() * PATIENCE_MS;
    const leaving = new AbortController();
    const timer = setTimeout(() => mayLeave && leaving.abort(), waitMs);
    try {
      const response = await fetch(`${this.#url}/api/v10${path}`, {
        method,
        headers: {
          "authorization": KEY,
          "x-rest-client": this.#name,
          ...body !== undefined && { "content-type": "application/json" },
          ...headers,
        },
        body: body ?? null,
        signal: leaving.signal,
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      if (leaving.signal.aborted) return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The status of the REPLY, or undefined where the connection was lost before it. */
  async #overSocket(
    session: string,
    frame: { readonly req: string },
  ): Promise<number | undefined> {
    const waitMs = PATIENCE_MS + this.#random() * 2 * PATIENCE_MS;
    const socket = new WebSocket(`${this.#url.replace("http", "ws")}/rep`);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const closed = new Promise((done) => socket.onclose = done);
    const timer = setTimeout(() => resolve(undefined), waitMs);
    socket.onopen = () => {
      const data = { token: KEY, client: this.#name, session };
      const auth = { target: "/_rep/auth", method: "ACTION", data, req: 0 };
      socket.send(JSON.stringify(auth));
      socket.send(JSON.stringify(frame));
    };
    socket.onmessage = ({ data }) => {
      const said = JSON.parse(data);
      if (said.req === frame.req) resolve(said.data.status);
    };
    const status = await promise;
    clearTimeout(timer);
    socket.close();
    await closed;
    return status;
  }
}

/** Beyond it a leaving may be told so late that one caller looks like two, or two like one. */
const STALL_MS = 80;

/** Counts how often this process was held up for long: nobody can be told apart then. */
function countStalls(): { readonly stop: () => number } {
  let stalls = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    if (nowMs - lastMs > STALL_MS) stalls++;
    lastMs = nowMs;
  }, 10);
  return {
    stop() {
      clearInterval(timer);
      return stalls;
    },
  };
}

/** Counts the answers of a 2xx that were handed to callers without a name who were still there. */
function countHanded(
  endpoint: Endpoint,
  handed: Map<string, number>,
): Endpoint {
  return {
    ...endpoint,
    async handle(request) {
      const answer = await endpoint.handle(request);
      const [, name] = request.fields.find(([name]) => name === NAME_HEADER) ??
        [];
      const isHanded = name !== undefined && answer.status < 300 &&
        request.callerGone?.aborted !== true;
      if (isHanded) handed.set(name, (handed.get(name) ?? 0) + 1);
      return answer;
    },
  };
}

Deno.test(`callers that leave, come back, change their mind and mix names: nothing named is swallowed, nothing detached is doubled, and what was changed last is so (ASKS_TWICE_SEED=${SEED})`, async () => {
  const random = createRandom(SEED);
  const discord = new ChangingDiscord(random);
  const handed = new Map<string, number>();
  const proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url, REST_GLOBAL_LIMIT: "1000" },
    wrap: (endpoint) => countHanded(endpoint, handed),
  });
  const { url } = proxy;
  const botsFrom = (first: number, count: number) =>
    Array.from(
      { length: count },
      (_, index) => new Bot(first + index, { random, url }),
    );
  try {
    // What runs for the first time is slow: a leaving is told so late then that two look like one.
    await Promise.all(botsFrom(100, 4).map((bot) => bot.live()));
    const bots = botsFrom(0, BOTS);
    const watch = countStalls();
    await Promise.all(bots.map((bot) => bot.live())).finally(watch.stop);
    const stalls = watch.stop();
    // What nobody waits for any more comes to its end.
    await proxy.proxy.drain(10_000);
    for (const bot of bots) {
      for (const name of bot.names) {
        const made = discord.messages.get(`/api/v10${name}`) ?? 0;
        const { named, givenUp } = bot.expected.get(name) ??
          { named: 0, givenUp: 0 };
        const wanted = (handed.get(name) ?? 0) + named;
        const told =
          `${name}: ${made} made, ${wanted} told (${named} by name), ${givenUp} given up, held up ${stalls} times`;
        assert.ok(made >= wanted, told);
        assert.ok(made <= wanted + givenUp + stalls, told);
      }
      for (const [path, value] of bot.changed) {
        assert.equal(discord.values.get(path), value, path);
      }
    }
  } finally {
    await proxy[Symbol.asyncDispose]();
    await discord[Symbol.asyncDispose]();
  }
});
