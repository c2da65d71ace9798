/** Callers that leave, come back, change their mind and mix names, over HTTP and REP, against a model of what must come of it. */
import assert from "node:assert/strict";
import { createRandom, type Random } from "../../sim/model/random.ts";
import { KEY, startTestProxy } from "../_proxy.ts";
import { ChangingDiscord } from "./_changing_discord.ts";
import {
  WatchedTries,
  type WatchedTry,
  WHAT_HEADER,
  WHOSE_HEADER,
} from "./_watched_tries.ts";

const SEED = Number(Deno.env.get("ASKS_TWICE_SEED") ?? Date.now() % 100_000);
const BOTS = 12;
const STEPS = 8;

/** Most give up like libraries that are in a hurry, some at once. */
const PATIENCE_MS = 130;
const HASTY_SHARE = 0.15;
const TRIES_MAX = 12;

/** So many leave only when they have come again, and so late at most. */
const LATE_SHARE = 0.5;
const LATE_MS = 60;

/**
 * The contract (ARCHITECTURE, "Whoever asks twice"): equal callers who leave
 * within this time of each other may have been killed together, and one that
 * was here for so long before the other's leaving is no second try.
 */
const TOGETHER_MS = 100;

/** Between the moment that we note and the one that the register does. */
const NOTED_MS = 20;

/** What must come of one message, by its path and body. */
interface Expected {
  /** Names under which it was done: each is one message. */
  named: number;
  /** Callers without a name who gave up: what they left behind may have been made. */
  givenUp: number;
}

/** Somebody with a client name, a channel and a member of its own; one thing after the other. */
class Bot {
  readonly #random: Random;
  readonly #url: string;
  readonly #name: string;
  /** Every message it asked for. */
  readonly names = new Set<string>();
  readonly expected = new Map<string, Expected>();
  /** Paths that it changed, to the end. */
  readonly changed = new Set<string>();
  /** Everything that it asked, with and without waiting for the end. */
  readonly #asked: Promise<unknown>[] = [];
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
    for (let step = 0; step < STEPS; step++) {
      const roll = this.#random();
      if (roll < 0.35) await this.#say();
      else if (roll < 0.5) await this.#sayNamed();
      else if (roll < 0.65) await this.#sayInSession();
      else if (roll < 0.8) await Promise.all([this.#say(), this.#sayNamed()]);
      else await this.#changeMinds();
    }
    await Promise.all(this.#asked);
  }

  /** A message without a name: sent again by its library until it is answered. */
  async #say(): Promise<void> {
    const { path, body } = this.#message();
    const what = `${path} ${body}`;
    const whose = `${this.#name}-${this.#used++}`;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const mayLeave = true;
      const headers = {
        [WHAT_HEADER]: what,
        [WHOSE_HEADER]: `${whose} ${tries}`,
      };
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
      const value = method === "DELETE" ? "" : `${method} ${body ?? ""}`;
      const status = await this.#ask(method, path, {
        body,
        headers: {
          [WHAT_HEADER]: `${path} (${value})`,
          [WHOSE_HEADER]: `${path} ${n}`,
        },
        mayLeave: n < hasty,
      });
      if (n < hasty) continue;
      assert.ok(status !== undefined && status < 300, `${method} ${status}`);
      this.changed.add(path);
    }
  }

  /** How long it waits for an answer this time. */
  get #waitMs(): number {
    const isHasty = this.#random() < HASTY_SHARE;
    const waitMs = this.#random() * PATIENCE_MS;
    return isHasty ? waitMs : PATIENCE_MS + waitMs;
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
    const leaving = new AbortController();
    const answer = fetch(`${this.#url}/api/v10${path}`, {
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
    const ended = statusOf(answer);
    this.#asked.push(ended);
    if (!mayLeave) return await ended;
    const waiting = timeout(this.#waitMs);
    const status = await Promise.race([ended, waiting.over]);
    waiting.stop();
    if (status !== undefined) return status;
    // Many libraries are back before their leaving is told.
    const isLate = this.#random() < LATE_SHARE;
    const lingering = timeout(isLate ? this.#random() * LATE_MS : 0);
    lingering.over.then(() => leaving.abort());
    this.#asked.push(lingering.over);
    return undefined;
  }

  /** The status of the REPLY, or undefined where the connection was lost before it. */
  async #overSocket(
    session: string,
    frame: { readonly req: string },
  ): Promise<number | undefined> {
    const socket = new WebSocket(`${this.#url.replace("http", "ws")}/rep`);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const closed = new Promise((done) => socket.onclose = done);
    const timer = setTimeout(() => resolve(undefined), this.#waitMs);
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

/** Undefined where its caller has left. */
async function statusOf(
  answer: Promise<Response>,
): Promise<number | undefined> {
  try {
    const response = await answer;
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      return undefined;
    }
    throw error;
  }
}

function timeout(
  ms: number,
): { readonly over: Promise<undefined>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  return { over: promise, stop: () => clearTimeout(timer) };
}

/**
 * Tries that their contract lets run beside the one before, by what the proxy
 * was told and when. All others are that one, come again.
 */
function countApart(tries: readonly WatchedTry[]): number {
  const byWhose = Map.groupBy(tries, ({ whose }) => whose);
  let apart = 0;
  for (const own of byWhose.values()) {
    const inOrder = own.toSorted((one, other) => one.number - other.number);
    for (const [index, second] of inOrder.entries()) {
      const first = inOrder[index - 1];
      if (first !== undefined && isApart(first, second)) apart++;
    }
  }
  return apart;
}

function isApart(first: WatchedTry, second: WatchedTry): boolean {
  // What was told is counted as such.
  if (first.status !== undefined) return false;
  const { handedInMs: firstInMs = 0, leftMs: firstLeftMs = Infinity } = first;
  const { handedInMs: secondInMs = 0, leftMs: secondLeftMs } = second;
  // Two connections can be read in another order than they were written to.
  if (secondInMs < firstInMs) return true;
  if (secondLeftMs === undefined || firstLeftMs <= secondInMs) return false;
  const latestMs = firstLeftMs + NOTED_MS;
  return secondLeftMs - TOGETHER_MS < latestMs ||
    secondInMs + TOGETHER_MS < latestMs;
}

Deno.test(`callers that leave, come back, change their mind and mix names: nothing named is swallowed, nothing detached is doubled, and what was changed last is so (ASKS_TWICE_SEED=${SEED})`, async () => {
  const random = createRandom(SEED);
  const discord = new ChangingDiscord(random);
  const tries = new WatchedTries();
  const proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url, REST_GLOBAL_LIMIT: "1000" },
    wrap: (endpoint) => tries.watch(endpoint),
  });
  const { url } = proxy;
  const bots = Array.from(
    { length: BOTS },
    (_, index) => new Bot(index, { random, url }),
  );
  try {
    await Promise.all(bots.map((bot) => bot.live()));
    // What nobody waits for any more comes to its end.
    await proxy.proxy.drain(10_000);
    for (const bot of bots) {
      for (const name of bot.names) {
        const own = tries.handedIn.filter(({ what }) => what === name);
        const handed = own.filter(({ status = 500 }) => status < 300).length;
        const { named, givenUp } = bot.expected.get(name) ??
          { named: 0, givenUp: 0 };
        const made = discord.messages.get(`/api/v10${name}`) ?? 0;
        const wanted = handed + named;
        const apart = countApart(own);
        const told =
          `${name}: ${made} made, ${wanted} told (${named} by name), ${givenUp} given up, ${apart} apart of ${own.length} tries`;
        assert.ok(made >= wanted, told);
        assert.ok(made <= wanted + givenUp + apart, told);
      }
      for (const path of bot.changed) {
        const last = tries.handedIn.findLast(({ what }) =>
          what.startsWith(`${path} (`)
        );
        const value = discord.values.get(`/api/v10${path}`);
        assert.equal(`${path} (${value})`, last?.what);
      }
    }
  } finally {
    await proxy[Symbol.asyncDispose]();
    await discord[Symbol.asyncDispose]();
  }
});
