/** What libraries do by themselves when Discord's edge makes a message and denies it, and what comes of that behind the proxy. */
import assert from "node:assert/strict";
import { CA } from "../tls/_callers.ts";
import { fullAnswers } from "./_bodies.ts";
import { LIBRARIES, type Library } from "./_libraries.ts";
import { hasNode, installedPackages } from "./_packages.ts";
import { KEY, type Place, startPlace, TOKEN } from "./_places.ts";
import { type Program, startProgram } from "./_program.ts";

/** So often in a row the edge denies what it has made: once more than the proxy sends by itself. */
const DENIALS = 5;

/** A library that has no end of it sends until it is believed. */
const ENDLESS = DENIALS + 1;

/** How often a library sends a message that is answered so, where docs/answers.md names it; others once. */
const SENDS: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  "@discordjs/rest": { 500: 4, 502: 4, 503: 4, 504: 4, 524: 4 },
  "discord.js": { 500: 4, 502: 4, 503: 4, 504: 4, 524: 4 },
  "slash-create": { 500: 4, 502: 4, 503: 4, 504: 4, 524: 4 },
  "@discord-interactions/request": { 500: 4, 502: 4, 503: 4, 504: 4, 524: 4 },
  seyfert: { 502: 4, 503: 4 },
  "oceanic.js": { 502: ENDLESS },
  eris: { 502: ENDLESS },
};

const STATUSES = [500, 502, 503, 504, 524];

/** Libraries tried at the same time: most of them wait before they send again, and nothing here becomes late. */
const SIDE_BY_SIDE = 6;

interface Made {
  /** What the library sent. */
  readonly posts: number;
  /** Messages that came of it. */
  readonly messages: number;
}

/** One library in front of one proxy. */
class Trial {
  readonly #program: Program;
  readonly #place: Place;
  readonly #index: number;

  constructor(program: Program, place: Place, index: number) {
    this.#program = program;
    this.#place = place;
    this.#index = index;
  }

  async point(): Promise<void> {
    const { origin, port } = this.#place;
    const whereTo = { origin, port, host: "127.0.0.1", ca: CA, prefix: "" };
    const setting = { ...whereTo, token: TOKEN, key: KEY };
    const { error } = await this.#program.run("point", setting);
    assert.equal(error, undefined);
    await this.#program.wire();
  }

  /** One message, in a channel of its own, that is denied with a status, or by a cut connection. */
  async say(denial: number | "close"): Promise<Made> {
    const { sim } = this.#place;
    const channel = channelOf(this.#index, denial);
    sim.script({
      match: `POST /channels/${channel}/messages`,
      fault: denial === "close"
        ? { kind: "close", isExecuted: true }
        : { kind: "status", status: denial, isExecuted: true },
      times: DENIALS,
    });
    await this.#program.run("message", { channel, content: "a message" });
    const wire = await this.#program.wire();
    const arrived = sim.requests().filter(({ method, target }) =>
      method === "POST" && target.includes(channel)
    );
    return {
      posts: wire.filter(({ method }) => method === "POST").length,
      messages: arrived.filter(({ executed }) => executed).length,
    };
  }
}

function channelOf(index: number, denial: number | "close"): string {
  const number = denial === "close" ? 1 : denial;
  return String(910_000_000_000_000_000n + BigInt(index * 1_000 + number));
}

const CHANNELS = LIBRARIES.flatMap((_, index) =>
  (["close", ...STATUSES] as const).map((denial) => channelOf(index, denial))
);

/** Runs `act` with every library, each against the proxy whose scheme it can speak. */
async function eachLibrary(
  env: Readonly<Record<string, string>>,
  act: (library: Library, trial: Trial) => Promise<void>,
): Promise<void> {
  const folder = await installedPackages();
  const options = { discord: { faults: fullAnswers(CHANNELS) }, env };
  await using plain = await startPlace(options);
  await using encrypted = await startPlace(options, "https");
  const left = LIBRARIES.entries();
  async function work(): Promise<void> {
    for (const [index, library] of left) {
      await using program = startProgram(library.program, folder);
      const place = library.isTlsOnly === true ? encrypted : plain;
      const trial = new Trial(program, place, index);
      await trial.point();
      await act(library, trial);
    }
  }
  const workers = Array.from({ length: SIDE_BY_SIDE }, work);
  for (const worker of await Promise.allSettled(workers)) {
    if (worker.status === "rejected") throw worker.reason;
  }
}

Deno.test({
  name:
    "Discord's own 5xx crosses, so libraries make of one message as many as docs/answers.md says, and one where the proxy answers 408",
  ignore: !hasNode(),
  fn: () =>
    eachLibrary({}, async ({ name }, trial) => {
      for (const status of STATUSES) {
        const sends = SENDS[name]?.[status] ?? 1;
        assert.deepEqual(
          await trial.say(status),
          { posts: sends, messages: sends },
          `${name} ${status}`,
        );
      }
      const cut = await trial.say("close");
      assert.deepEqual(cut, { posts: 1, messages: 1 }, `${name} 408`);
    }),
});

Deno.test({
  name:
    "with REST_MESSAGE_NONCE=add one message stays one with every library, whatever the edge says and the library does",
  ignore: !hasNode(),
  fn: () =>
    eachLibrary({ REST_MESSAGE_NONCE: "add" }, async ({ name }, trial) => {
      for (const denial of [502, "close"] as const) {
        const { messages } = await trial.say(denial);
        assert.equal(messages, 1, `${name} ${denial}`);
      }
    }),
});
