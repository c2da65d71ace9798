/** Rules for waiting and leaving, with a library that sets no header of the proxy's: @discordjs/rest under Node. */
import assert from "node:assert/strict";
import type { WaitRule } from "../../rest/domain/wait_rule.ts";
import { readRulesFile } from "../../rest/config/read_rules.ts";
import { KEY, settingsOf, startTestProxy, type TestProxy } from "../_proxy.ts";
import { hasNode, installedPackages } from "./_packages.ts";
import { type Program, startProgram } from "./_program.ts";

const HOUR_S = 3_600;
const GUILD = "400000000000000001";
const OTHER_GUILD = "400000000000000002";
const WEBHOOK = {
  webhook: "500000000000000001",
  webhookToken: "not-a-real-token".padEnd(68, "x"),
};

/** Answers every request well, and says that the next one has to wait for an hour. */
class HourlyDiscord implements AsyncDisposable {
  calls = 0;
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        this.calls++;
        await request.text();
        const reset = (Date.now() / 1_000 + HOUR_S).toFixed(3);
        return Response.json({ id: "1" }, {
          headers: {
            "x-ratelimit-bucket": "hourly",
            "x-ratelimit-limit": "1",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset-after": HOUR_S.toFixed(3),
            "x-ratelimit-reset": reset,
          },
        });
      },
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/api`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function rulesOf(rules: readonly object[]): readonly WaitRule[] {
  const problems: string[] = [];
  const text = JSON.stringify(rules);
  const read = { ok: true, text, mode: 0o600 } as const;
  const file = { setting: "REST_RULES_FILE", path: "rules.json", read };
  const value = readRulesFile(file, problems);
  assert.deepEqual(problems, []);
  return value;
}

interface Stand extends AsyncDisposable {
  readonly discord: HourlyDiscord;
  readonly proxy: TestProxy;
  readonly bot: Program;
}

/** A bot of discord.js's library behind a proxy in which one may wait for an hour. */
async function startStand(rules: readonly object[]): Promise<Stand> {
  const stack = new AsyncDisposableStack();
  const discord = stack.use(new HourlyDiscord());
  const { discordToken } = settingsOf();
  assert.ok(discordToken);
  const proxy = stack.use(
    await startTestProxy({
      env: { REST_UPSTREAM: discord.url, REST_MAX_WAIT_MS: "3600000" },
      access: {
        keys: [],
        bots: [{ name: "main", token: discordToken }],
        rules: rulesOf(rules),
      },
    }),
  );
  const bot = stack.use(
    startProgram("discordjs_rules", await installedPackages()),
  );
  await bot.run("point", { origin: proxy.url, token: KEY });
  return {
    discord,
    proxy,
    bot,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Far longer than anything takes that these tests wait for. */
const WAIT_MS = 30_000;

async function until(what: string, isThere: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (!isThere()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test({
  name:
    "an emoji of @discordjs/rest behind a limit of an hour fails at once where a rule says so",
  ignore: !hasNode(),
  async fn() {
    await using stand = await startStand([
      { routes: ["POST /guilds/*/emojis"], wait: 10 },
    ]);
    const { discord, bot, proxy } = stand;
    assert.equal((await bot.run("emoji", { guild: GUILD })).error, undefined);
    const { error } = await bot.run("emoji", { guild: GUILD });
    assert.equal(error?.name, `RateLimitError[/guilds/:id/emojis]`);
    assert.equal(discord.calls, 1);
    assert.equal(proxy.proxy.snapshot().waiting, 0);
    const [, refused] = await bot.wire();
    assert.deepEqual([refused?.status, refused?.by], [429, "wait_too_long"]);
  },
});

Deno.test({
  name: "the same emoji waits where no rule is for its route",
  ignore: !hasNode(),
  async fn() {
    await using stand = await startStand([
      { routes: ["POST /guilds/*/stickers"], wait: 10 },
    ]);
    const { bot, proxy } = stand;
    await bot.run("emoji", { guild: GUILD });
    bot.run("emoji", { guild: GUILD }).catch(() => {});
    await until("it waits", () => proxy.proxy.snapshot().waiting === 1);
  },
});

for (
  const [onLeave, waiting, what] of [
    ["cancel", 0, "is dropped"],
    ["run", 1, "still waits to be sent"],
  ] as const
) {
  Deno.test({
    name:
      `an optional webhook whose caller, @discordjs/rest, hangs up ${what} with onLeave ${onLeave}`,
    ignore: !hasNode(),
    async fn() {
      await using stand = await startStand([
        { routes: ["POST /webhooks/*/*"], onLeave },
      ]);
      const { discord, bot, proxy } = stand;
      // From here on its address is known, and webhooks need no key.
      await bot.run("emoji", { guild: GUILD });
      await bot.run("webhook", WEBHOOK);
      const left = bot.run("webhook", WEBHOOK);
      await until("it waits", () => proxy.proxy.snapshot().waiting === 1);
      await bot.run("hangUp", {});
      assert.equal((await left).error?.name, "AbortError");
      if (onLeave === "cancel") {
        await until("it is gone", () => proxy.proxy.snapshot().waiting === 0);
      }
      // A call of its own, so that the leaving of the other has been noticed by then.
      await bot.run("emoji", { guild: OTHER_GUILD });
      assert.equal(proxy.proxy.snapshot().waiting, waiting);
      assert.equal(discord.calls, 3);
    },
  });
}
