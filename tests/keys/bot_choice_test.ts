/** Which of two bots speaks, told by the tokens a simulated Discord sees. */
import assert from "node:assert/strict";
import { RepClient } from "../../client/mod.ts";
import { createRestManager } from "../../deps.ts";
import { applicationIdOf } from "../../rest/domain/application_id.ts";
import {
  botsOf,
  keyNamed,
  SECOND_TOKEN,
  type Stand,
  startStand,
  TOKENS,
} from "./_stand.ts";

const KEYS = { all: {}, second: { bots: ["second"] } } as const;
const SECOND_ID = applicationIdOf(SECOND_TOKEN) ?? "";

/** A manager as discordeno's guide makes one for a proxy with several bots. */
function managerOf({ proxy }: Stand, key: keyof typeof KEYS, botId?: string) {
  const rest = createRestManager({
    token: TOKENS.main,
    proxy: { baseUrl: proxy.url, authorization: keyNamed(key) },
  });
  const baseHeaders = rest.createBaseHeaders;
  rest.createBaseHeaders = () => ({
    ...baseHeaders(),
    ...botId !== undefined && { bot_id: botId },
  });
  return rest;
}

// The key, the header `bot_id`, and who speaks then; undefined: it is refused.
const CHOICES: ReadonlyArray<
  readonly [
    keyof typeof KEYS,
    string | undefined,
    keyof typeof TOKENS | undefined,
  ]
> = [
  ["all", undefined, "main"],
  ["all", "main", "main"],
  ["all", "second", "second"],
  ["all", SECOND_ID, "second"],
  ["all", "third", undefined],
  ["second", undefined, "second"],
  ["second", SECOND_ID, "second"],
  ["second", "main", undefined],
];

Deno.test("bot_id chooses the bot for a caller of plain HTTP", async () => {
  await using stand = await startStand(KEYS);
  for (const [key, botId, bot] of CHOICES) {
    const headers = botId === undefined ? {} : { bot_id: botId };
    const caller = stand.overHttp(keyNamed(key), headers);
    const before = stand.proxy.sim.requests().length;
    const { status, code } = await caller.ask("GET /users/@me");
    const sent = stand.proxy.sim.requests().slice(before);
    const told = `${key} ${botId}`;
    assert.equal(status, bot === undefined ? 403 : 200, told);
    assert.equal(code, bot === undefined ? "forbidden" : undefined, told);
    assert.deepEqual(botsOf(sent), bot === undefined ? [] : [bot], told);
    assert.ok(!sent.some(hasBotId), told);
  }
});

Deno.test("bot_id chooses the bot for discordeno's manager, set as its guide sets it", async () => {
  await using stand = await startStand(KEYS);
  for (const [key, botId, bot] of CHOICES) {
    const rest = managerOf(stand, key, botId);
    const before = stand.proxy.sim.requests().length;
    const sending = rest.sendMessage("9", { content: "hi" });
    if (bot === undefined) {
      await assert.rejects(sending, (error) => {
        const { cause } = error as { cause: { status: number } };
        assert.equal(cause.status, 403);
        return true;
      });
    } else await sending;
    const sent = stand.proxy.sim.requests().slice(before);
    assert.deepEqual(botsOf(sent), bot === undefined ? [] : [bot]);
    assert.ok(!sent.some(hasBotId));
  }
});

Deno.test("the limits of two bots are two: what one waits for does not hold the other", async () => {
  await using stand = await startStand(KEYS, {
    sim: {
      rules: [{
        match: "POST /channels/{}/messages",
        limit: 1,
        periodMs: 2_000,
      }],
    },
  });
  const main = managerOf(stand, "all", "main");
  const second = managerOf(stand, "all", "second");
  await main.sendMessage("9", { content: "1" });
  const waiting = main.sendMessage("9", { content: "2" });
  await stand.waiting(1);
  await second.sendMessage("9", { content: "3" });
  const { requests, audit } = stand.proxy.sim;
  assert.deepEqual(botsOf(requests()), ["main", "second"]);
  await waiting;
  assert.deepEqual(botsOf(requests()), ["main", "second", "main"]);
  assert.equal(audit.report().byStatus["429"], undefined);
});

Deno.test("over REP a key speaks for the first of its own bots", async () => {
  await using stand = await startStand(KEYS);
  for (const [key, bot] of [["all", "main"], ["second", "second"]] as const) {
    const before = stand.proxy.sim.requests().length;
    await using client = new RepClient(
      `ws://127.0.0.1:${stand.proxy.port}/rep`,
      { token: keyNamed(key) },
    );
    await client.get("/users/@me");
    assert.deepEqual(botsOf(stand.proxy.sim.requests().slice(before)), [bot]);
  }
});

/** The choice is the proxy's to read, and not Discord's to see. */
function hasBotId(
  { headers }: { readonly headers: ReadonlyArray<readonly [string, string]> },
): boolean {
  return headers.some(([name]) => name.toLowerCase() === "bot_id");
}
