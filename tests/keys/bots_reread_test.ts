/** Files of tokens and of the key, read again by a running process with callers on the line. */
import assert from "node:assert/strict";
import { RepClient } from "../../client/mod.ts";
import { headerOf } from "../../sim/model/request.ts";
import { type Sim, type SimOptions, startSim } from "../../sim/server.ts";
import { TOKEN } from "../_proxy.ts";
import { makeFiles, type TestFiles } from "../start/_files.ts";
import { type Child, startChild } from "../start/child.ts";
import { keyNamed, keysFileOf, SECOND_TOKEN } from "./_stand.ts";

const KEY = "the-key-of-the-operator-himself";
/** Another token of the same bot, as the developer portal's "Reset Token" gives. */
const NEW_TOKEN = TOKEN.replace("tests0", "tests1");

interface Running extends AsyncDisposable {
  readonly child: Child;
  readonly sim: Sim;
  readonly host: string;
  /** Puts a file in place, tells the process, and waits for what it says. */
  reread(name: string, content: unknown, said: RegExp): Promise<void>;
  ask(
    path: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
}

async function run(
  files: TestFiles,
  env: Record<string, string>,
  discord: SimOptions = {},
): Promise<Running> {
  const sim = await startSim(discord);
  const child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_UPSTREAM: sim.url,
      ...env,
    },
  });
  const [, host = ""] = await child.seen(
    /Listening on http:\/\/(\S+?)(?:"|\s)/,
  );
  let heard = "";
  return {
    child,
    sim,
    host,
    async reread(name, content, said) {
      await files.write(name, content);
      child.signal("SIGHUP");
      // What was said before may say the same: it has to be said once more.
      const again = new RegExp(`${heard}[^]*${said.source}`);
      await child.seen(again);
      heard = again.source;
    },
    async ask(path, headers = {}) {
      const response = await fetch(`http://${host}${path}`, {
        headers: { authorization: KEY, ...headers },
      });
      return { status: response.status, body: await response.json() };
    },
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await sim.close();
    },
  };
}

function tokensIn(sim: Sim): string[] {
  return sim.requests().map(({ headers }) =>
    headerOf(headers, "authorization") ?? ""
  );
}

const ME = "/users/@me";

Deno.test("what waits goes with a bot's new token, in its order, and every connection stays", async () => {
  await using files = await makeFiles();
  const path = await files.write("token", `${TOKEN}\n`);
  await using running = await run(files, { DISCORD_TOKEN_FILE: path }, {
    rules: [{
      match: "POST /channels/{channel}/messages",
      limit: 1,
      // The last of four waits for 4.5 s: long enough for a busy machine to read a file.
      periodMs: 1_500,
    }],
  });
  const { child, host, sim, reread } = running;
  await using byKey = new RepClient(`ws://${host}/rep`, { token: KEY });
  // It proves itself with the token itself, and goes on after that is another one.
  await using byToken = new RepClient(`ws://${host}/rep`, {
    token: `Bot ${TOKEN}`,
  });
  let closed = 0;
  for (const client of [byKey, byToken]) client.on("close", () => closed++);
  await Promise.all([byKey.ready, byToken.ready]);
  const sent = ["1", "2", "3", "4"].map((content) =>
    byKey.action("/channels/9/messages", { data: { content } })
  );
  await sent[0];
  await reread("token", NEW_TOKEN, /SIGHUP: 1 bots are read/);
  const before = sim.requests().length;
  await Promise.all(sent);
  await byToken.get(ME);

  assert.ok(before < 4, "nothing waited any more");
  assert.deepEqual(
    sim.requests().slice(0, 4).map(({ mark }) => mark),
    ["1", "2", "3", "4"],
  );
  const tokens = tokensIn(sim);
  assert.deepEqual(
    tokens.slice(before),
    tokens.slice(before).map(() => `Bot ${NEW_TOKEN}`),
  );
  assert.equal(closed, 0);
  child.signal("SIGTERM");
  const { out, err } = await child.ended();
  assert.ok(!(out + err).includes(TOKEN) && !(out + err).includes(NEW_TOKEN));
});

Deno.test("a token that Discord rejected is forgotten as soon as there is a new one", async () => {
  await using files = await makeFiles();
  const path = await files.write("token", TOKEN);
  await using running = await run(files, { DISCORD_TOKEN_FILE: path }, {
    accounts: { badTokens: [TOKEN] },
  });
  const { child, sim, ask, reread } = running;
  assert.equal((await ask(ME)).status, 401);
  await child.seen(/rejects the token of/);
  assert.equal((await ask(ME)).body["code"], "token_rejected");
  await reread("token", NEW_TOKEN, /SIGHUP: 1 bots are read/);
  // The check of the new token, within moments and not within a minute.
  const untilMs = performance.now() + 10_000;
  let last = await ask(ME);
  while (last.status !== 200 && performance.now() < untilMs) {
    last = await ask(ME);
  }
  assert.equal(last.status, 200);
  assert.ok(tokensIn(sim).includes(`Bot ${NEW_TOKEN}`));
});

Deno.test("bots come and go, and keys may name the new ones at once", async () => {
  await using files = await makeFiles();
  const tokens = await files.write("tokens.json", {});
  const keys = await files.write("keys.json", []);
  await using running = await run(files, {
    DISCORD_TOKEN: TOKEN,
    DISCORD_TOKENS_FILE: tokens,
    REST_KEYS_FILE: keys,
  });
  const { child, sim, ask, reread } = running;
  const music = { "bot_id": "music" };
  assert.equal((await ask(ME, music)).status, 403);

  await files.write("keys.json", keysFileOf({ dj: { bots: ["music"] } }));
  await reread(
    "tokens.json",
    { music: SECOND_TOKEN },
    /SIGHUP: 2 bots are read[^]*SIGHUP: 1 keys are read/,
  );
  assert.equal((await ask(ME, music)).status, 200);
  const dj = { authorization: keyNamed("dj") };
  assert.equal((await ask(ME, dj)).status, 200);
  assert.deepEqual(
    tokensIn(sim),
    [`Bot ${SECOND_TOKEN}`, `Bot ${SECOND_TOKEN}`],
  );

  await reread(
    "tokens.json",
    { music: "not a token" },
    /SIGHUP: DISCORD_TOKENS_FILE: bot .{0,2}music.{0,2} has a bad token[^]*; the bots in use stay/,
  );
  assert.equal((await ask(ME, music)).status, 200);

  await files.write("keys.json", []);
  await reread("tokens.json", {}, /SIGHUP: 1 bots are read/);
  assert.equal((await ask(ME, music)).status, 403);
  assert.equal((await ask(ME)).status, 200);
  child.signal("SIGTERM");
  await child.ended();
});

Deno.test("REST_AUTHORIZATION_FILE is read again: the new key opens, the old one no more", async () => {
  await using files = await makeFiles();
  const path = await files.write("key", KEY);
  await using running = await run(files, {
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: "",
    REST_AUTHORIZATION_FILE: path,
  });
  const { ask, reread } = running;
  const next = { authorization: "the-next-key-of-the-operator" };
  assert.equal((await ask(ME)).status, 200);
  assert.equal((await ask(ME, next)).status, 401);
  await reread("key", next.authorization, /SIGHUP: 0 keys are read/);
  assert.equal((await ask(ME)).status, 401);
  assert.equal((await ask(ME, next)).status, 200);

  await reread(
    "key",
    "short",
    /what is in it cannot be used[^]*; the keys in use stay/,
  );
  assert.equal((await ask(ME, next)).status, 200);
});

Deno.test("files that cannot be used refuse the start, each in its sentence, and a loose one is noted", async () => {
  await using files = await makeFiles();
  const path = await files.write("token", TOKEN, 0o644);
  await using bad = await startChild({
    env: {
      DISCORD_TOKEN: TOKEN,
      DISCORD_TOKEN_FILE: path,
      REST_AUTHORIZATION_FILE: files.pathOf("nothing"),
    },
  });
  const { code, err } = await bad.ended();
  assert.equal(code, 1);
  const [first = "", second = ""] = err.split("\n")
    .filter((line) => line.includes("_FILE is "));
  assert.match(first, /DISCORD_TOKEN_FILE.*want it without DISCORD_TOKEN/);
  assert.match(second, /REST_AUTHORIZATION_FILE.*there is no such file/);
  assert.ok(!err.includes("is not set"), err);

  await using running = await run(files, { DISCORD_TOKEN_FILE: path });
  await running.child.seen(
    /DISCORD_TOKEN_FILE is .*others than its owner may read or change it/,
  );
});
