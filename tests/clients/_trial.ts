import assert from "node:assert/strict";
import {
  type Call,
  came,
  CONTENT,
  EMOJI,
  FILES,
  filesCame,
  isContentSent,
  messagesIn,
  REASON,
  reasonCame,
} from "./_arrival.ts";
import { CA } from "../tls/_callers.ts";
import { INVALID_FORM, MESSAGE_ID, NESTED_ERROR, USER_ID } from "./_bodies.ts";
import type { Library } from "./_libraries.ts";
import { linesOf } from "./_lines.ts";
import { versionOf } from "./_packages.ts";
import { KEY, type Place, TOKEN } from "./_places.ts";
import { type Outcome, type Program, startProgram } from "./_program.ts";
import type { Came, ClientResult } from "./_result.ts";

/** The proxies a library is tried against. */
export interface Places {
  /** As it is by default: callbacks and token webhooks need no key of a bot that has logged in. */
  readonly open: Place;
  /** Refuses what would wait, asks for the key everywhere, takes it in the path. */
  readonly strict: Place;
  /** Lets a channel have one message in 2.5 s. */
  readonly slow: Place;
  /** Draining for as long as the trial goes on. */
  /** Its bot's token is rejected. */
  readonly rejected: Place;
}

/** Below the wait of `slow`, and long enough for a busy machine to answer in. */
const TIMEOUT_MS = 1_000;
/** More than any library needs here. */
const CALLS_MAX = 10;
const BURST = 30;
const ID = /\d{17,20}/;
/** Channels of one library, so that libraries tried side by side share no bucket. */
interface Channels {
  readonly calls: string;
  readonly error: string;
  readonly burst: string;
  readonly slow: string;
  readonly strict: string;
  readonly rejected: string;
}

/** The channels of the library at this place of the list. */
export function channelsOf(index: number): Channels {
  return {
    calls: snowflake(index, 1),
    error: snowflake(index, 2),
    burst: snowflake(index, 3),
    slow: snowflake(index, 4),
    strict: snowflake(index, 5),
    rejected: snowflake(index, 6),
  };
}

function snowflake(index: number, number: number): string {
  return String(900_000_000_000_000_000n + BigInt(index * 1_000 + number));
}

/** Drives one library through everything and tells what came of it. */
export async function tryLibrary(
  library: Library,
  index: number,
  places: Places,
  folder: string,
): Promise<ClientResult> {
  await using program = startProgram(library.program, folder);
  const trial = new Trial(program, index, places);
  const calls = await trial.calls();
  const result = {
    library: library.name,
    version: await versionOf(folder, library.package),
    lines: await linesOf(library),
    ...calls,
    discordError: await trial.discordError(),
    burst: await trial.burst(),
    keyInPath: await trial.keyInPath(),
    refused429: await trial.refused429(),
    refused503: await trial.refused503(),
  };
  return library.hasTimeout === true
    ? { ...result, timeout: await trial.timeout() }
    : result;
}

type CallResults = Pick<
  ClientResult,
  | "read"
  | "message"
  | "files"
  | "edit"
  | "reaction"
  | "reason"
  | "deletion"
  | "callback"
  | "webhook"
  | "showsKey"
>;

class Trial {
  readonly #program: Program;
  readonly #places: Places;
  readonly #channels: Channels;
  readonly #details: Readonly<Record<string, unknown>>;
  /** What the ids of this library begin with. */
  readonly #family: string;

  constructor(program: Program, index: number, places: Places) {
    this.#program = program;
    this.#places = places;
    this.#channels = channelsOf(index);
    this.#family = snowflake(index, 0).slice(0, -3);
    this.#details = {
      channel: this.#channels.calls,
      message: MESSAGE_ID,
      user: snowflake(index, 12),
      content: CONTENT,
      emoji: EMOJI,
      reason: REASON,
      files: FILES,
      interaction: snowflake(index, 10),
      interactionToken: `aW50ZXJhY3Rpb246${index}`,
      webhook: snowflake(index, 11),
      webhookToken: `webhook-token-${index}`,
    };
  }

  /** One call after the other, and what arrived of each. */
  async calls(): Promise<CallResults> {
    await this.#point(this.#places.open);
    const read = await this.#call("read");
    const message = await this.#call("message");
    const files = await this.#call("files");
    const edit = await this.#call("edit");
    const reaction = await this.#call("reaction");
    const deletion = await this.#call("deletion");
    const callback = await this.#call("callback");
    const webhook = await this.#call("webhook");
    return {
      read: came(read, ({ value }) => value === USER_ID),
      message: came(message, isContentSent),
      files: filesCame(files),
      edit: came(edit, isContentSent),
      reaction: came(
        reaction,
        ({ arrived }) =>
          /\/reactions\/%F0%9F%91%8D\/(?:@|%40)me$/.test(arrived.target),
      ),
      reason: reasonCame(deletion),
      deletion: came(deletion, ({ arrived }) => arrived.status === 204),
      callback: came(callback, ({ arrived }) => arrived.status === 204),
      webhook: came(webhook, isContentSent),
      showsKey: {
        callback: callback.wire.some((it) => it.hasAuthorization),
        webhook: webhook.wire.some((it) => it.hasAuthorization),
      },
    };
  }

  async discordError(): Promise<ClientResult["discordError"]> {
    const channel = this.#channels.error;
    this.#places.open.sim.script({
      match: `POST /channels/${channel}/messages`,
      fault: {
        kind: "answer",
        status: 400,
        body: JSON.stringify(INVALID_FORM),
      },
    });
    const { error } = await this.#run("message", { channel });
    assert.ok(error !== undefined, "an error of Discord's was kept back");
    if (error.code === INVALID_FORM.code) {
      return JSON.stringify(error.nested ?? "").includes(NESTED_ERROR)
        ? "code and nested errors"
        : "code";
    }
    assert.ok(error.message.includes(INVALID_FORM.message), error.message);
    return "message";
  }

  async burst(): Promise<ClientResult["burst"]> {
    const channel = this.#channels.burst;
    // discord.js looks a channel up before it sends there.
    await this.#run("message", { channel, content: "burst 0" });
    await this.#program.wire();
    const outcomes = await Promise.all(
      Array.from({ length: BURST }, (_, number) => {
        const content = `burst ${number + 1}`;
        return this.#run("message", { channel, content });
      }),
    );
    const wire = await this.#program.wire();
    const arrived = messagesIn(this.#places.open, channel);
    assert.equal(arrived.length, BURST + 1);
    assert.equal(new Set(arrived).size, BURST + 1, "one arrived twice");
    return {
      answered: outcomes.filter(({ value }) => value === MESSAGE_ID).length,
      seen429: wire.filter(({ status }) => status === 429).length,
      isSideBySide: wire.some(({ besides }) => besides > 0),
    };
  }

  async timeout(): Promise<NonNullable<ClientResult["timeout"]>> {
    const { slow } = this.#places;
    const channel = this.#channels.slow;
    await this.#point(slow, { timeoutMs: TIMEOUT_MS });
    assert.equal(await rivalAt(slow, channel), 200);
    let calls = 1;
    // As a bot does that is told of a time-out, until its message is through.
    while ((await this.#run("message", { channel })).error !== undefined) {
      calls++;
      assert.ok(calls <= CALLS_MAX, "the message did not get through");
    }
    const posts = (await this.#program.wire())
      .filter(({ method }) => method === "POST");
    assert.ok(posts.length > 1, "nothing was sent again: no time-out passed");
    return {
      isSentAgain: posts.length > calls,
      messagesArrived: messagesIn(slow, channel)
        .filter((content) => content === CONTENT).length,
    };
  }

  async keyInPath(): Promise<Came> {
    await this.#point(this.#places.strict, { prefix: `/key/${KEY}` });
    const call = await this.#call("callback", this.#places.strict);
    return came(call, ({ arrived }) => arrived.status === 204);
  }

  async refused429(): Promise<ClientResult["refused429"]> {
    const { strict } = this.#places;
    const channel = this.#channels.strict;
    await this.#point(strict);
    assert.equal(await rivalAt(strict, channel), 200);
    const { value } = await this.#run("message", { channel });
    const wire = await this.#program.wire();
    assert.ok(
      wire.some(({ status, by }) => status === 429 && by === "wait_too_long"),
      `no 429 in ${JSON.stringify(wire)}`,
    );
    return value === MESSAGE_ID ? "waits and sends again" : "thrown";
  }

  async refused503(): Promise<ClientResult["refused503"]> {
    await this.#point(this.#places.rejected);
    const { error } = await this.#run("message", {
      channel: this.#channels.rejected,
    });
    assert.ok(error !== undefined, "a rejected token let something through");
    const wire = await this.#program.wire();
    const [message = ""] = error.message.split("\n");
    return {
      thrown: `${error.name}: ${message.replace(ID, "{id}")}`,
      tries: wire.filter(({ by }) => by === "token_rejected").length,
      isUnhandledToo: await this.#program.unhandled() > 0,
    };
  }

  /** Makes a new instance of the library, as a bot that starts. */
  async #point(
    { origin, port }: Place,
    more: { readonly prefix?: string; readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const { prefix = "" } = more;
    const { error } = await this.#program.run("point", {
      origin: `${origin}${prefix}`,
      host: "127.0.0.1",
      port,
      ca: CA,
      token: TOKEN,
      key: KEY,
      prefix,
      ...more,
    });
    assert.equal(error, undefined);
    await this.#program.wire();
  }

  #run(act: string, change: object): Promise<Outcome> {
    return this.#program.run(act, { ...this.#details, ...change });
  }

  async #call(act: string, place = this.#places.open): Promise<Call> {
    const before = place.sim.requests().length;
    const outcome = await this.#run(act, {});
    const wire = await this.#program.wire();
    // Other libraries are under way at the same time.
    const arrived = place.sim.requests().slice(before)
      .findLast(({ target }) => target.includes(this.#family));
    return { ...outcome, wire, arrived };
  }
}

/** A message by somebody else with the same key; the status it got. */
async function rivalAt(place: Place, channel: string): Promise<number> {
  const response = await place.ask(`/api/v10/channels/${channel}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ content: "rival" }),
  });
  await response.body?.cancel();
  return response.status;
}
