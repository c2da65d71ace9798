/** A bot that shows its key when it logs in and never again, before proxies that come and go. */
import assert from "node:assert/strict";
import { type Sim, startSim } from "../../sim/server.ts";
import { KEY, TOKEN } from "../_proxy.ts";
import { type Child, startChild } from "../start/child.ts";
import { BOT, ELSEWHERE, login, reply } from "./_hosts.ts";

const LISTENING = /[Ll]istening on "?(http:\/\/[0-9.:]+[0-9])/;
const OTHER_KEY = "another-key-of-the-tests-0123456789";

/** One journal, and the proxies that have it one after the other. */
class Stage implements AsyncDisposable {
  readonly #sim: Sim;
  readonly #folder: string;
  #child: Child | undefined;
  #port = 0;

  private constructor(sim: Sim, folder: string) {
    this.#sim = sim;
    this.#folder = folder;
  }

  static async set(): Promise<Stage> {
    return new Stage(
      await startSim(),
      await Deno.makeTempDir({ prefix: "known-" }),
    );
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    this.#child = await startChild({
      env: {
        DISCORD_TOKEN: TOKEN,
        REST_AUTHORIZATION: KEY,
        REST_PORT: "0",
        REST_UPSTREAM: this.#sim.url,
        REST_JOURNAL: `${this.#folder}/sluice.db`,
        ...env,
      },
    });
    const [, url = ""] = await this.#child.seen(LISTENING);
    this.#port = Number(new URL(url).port);
  }

  async end(signal: Deno.Signal): Promise<void> {
    this.#child?.signal(signal);
    await this.#child?.ended();
  }

  login(authorization: string): Promise<string> {
    return login(this.#port, authorization);
  }

  reply(from?: string): Promise<string> {
    return reply(this.#port, from);
  }

  /** All bytes that the proxies have written. */
  async written(): Promise<string> {
    const files = await Array.fromAsync(Deno.readDir(this.#folder));
    const texts = files.filter(({ isFile }) => isFile).map(async ({ name }) =>
      new TextDecoder("latin1").decode(
        await Deno.readFile(`${this.#folder}/${name}`),
      )
    );
    return (await Promise.all(texts)).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child?.[Symbol.asyncDispose]();
    await this.#sim.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  for (const shown of [`Bot ${TOKEN}`, `Bot ${KEY}`]) {
    const what = shown.includes(KEY) ? "a key" : "its token";
    Deno.test(`with a journal a bot that logged in with ${what} answers its next interaction after ${signal} and a new process, which no other address may`, async () => {
      await using stage = await Stage.set();
      await stage.start();
      assert.match(await stage.reply(), /^401 /);
      assert.match(await stage.login(shown), /^200 /);
      assert.equal(await stage.reply(), "204");
      await stage.end(signal);
      await stage.start();
      assert.equal(await stage.reply(), "204");
      const refused = await stage.reply(ELSEWHERE);
      assert.match(refused, /^401 .*REST_OPEN_TOKEN_ROUTES=true/s);
      await stage.end("SIGKILL");
      const written = await stage.written();
      assert.ok(written.includes(BOT));
      assert.ok(!written.includes(KEY) && !written.includes(TOKEN));
    });
  }
}

Deno.test("a key that was replaced while the proxy was down makes its address known no more, and the new one does", async () => {
  await using stage = await Stage.set();
  await stage.start();
  assert.match(await stage.login(KEY), /^200 /);
  assert.equal(await stage.reply(), "204");
  await stage.end("SIGTERM");
  await stage.start({ REST_AUTHORIZATION: OTHER_KEY });
  assert.match(await stage.reply(), /^401 /);
  assert.match(await stage.login(OTHER_KEY), /^200 /);
  assert.equal(await stage.reply(), "204");
});

Deno.test("with REST_JOURNAL_KEY what is kept of addresses goes on, too", async () => {
  await using stage = await Stage.set();
  const env = { REST_JOURNAL_KEY: "ab".repeat(32) };
  await stage.start(env);
  assert.match(await stage.login(KEY), /^200 /);
  await stage.end("SIGKILL");
  await stage.start(env);
  assert.equal(await stage.reply(), "204");
});

Deno.test("without a journal the next process knows no address until its bot logs in again", async () => {
  await using stage = await Stage.set();
  await stage.start({ REST_JOURNAL: "" });
  assert.match(await stage.login(KEY), /^200 /);
  await stage.end("SIGTERM");
  await stage.start({ REST_JOURNAL: "" });
  assert.match(await stage.reply(), /^401 .*restarts without a journal/s);
  assert.match(await stage.login(KEY), /^200 /);
  assert.equal(await stage.reply(), "204");
});
