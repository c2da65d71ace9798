import assert from "node:assert/strict";
import { createRestManager } from "../../deps.ts";
import { headerOf } from "../../sim/model/request.ts";
import { type Sim, startSim } from "../../sim/server.ts";
import { keyNamed, startStand } from "../keys/_stand.ts";
import { causeOf } from "../manager/_builders.ts";
import { KEY, startTestProxy, TOKEN } from "../_proxy.ts";
import { type DenoExample, runDeno } from "./_deno_example.ts";

const MESSAGES = { match: "POST /channels/{channel}/messages" } as const;

/** Settings of a program that has the proxy inside. */
function settingsBefore(sim: Sim): Record<string, string> {
  return {
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    REST_PORT: "0",
    REST_UPSTREAM: sim.url,
    REST_LOG_LEVEL: "error",
  };
}

function speakersOf(sim: Sim): Set<string | undefined> {
  return new Set(
    sim.requests().map(({ headers }) => headerOf(headers, "authorization")),
  );
}

async function guideOrigin(program: DenoExample): Promise<string> {
  const [, port] = await program.seen(/http:\/\/localhost:(\d+)/);
  return `http://127.0.0.1:${port}`;
}

Deno.test("examples/guide.ts hands on what a discordeno bot asks, in Sluice's queue", async () => {
  await using sim = await startSim({
    rules: [{ ...MESSAGES, limit: 1, periodMs: 200 }],
  });
  await using program = runDeno("guide.ts", settingsBefore(sim));
  const baseUrl = await guideOrigin(program);
  const bot = createRestManager({
    token: TOKEN,
    proxy: { baseUrl, authorization: KEY },
  });
  const sent = await Promise.all(
    [1, 2, 3].map((n) => bot.sendMessage(5n, { content: `message ${n}` })),
  );
  assert.equal(new Set(sent.map(({ id }) => id)).size, 3);
  const [{ id = "" } = {}] = sent;
  assert.equal(await bot.deleteMessage(5n, id), undefined);
  assert.deepEqual(
    sim.requests().map(({ method, status }) => `${method} ${status}`),
    ["POST 200", "POST 200", "POST 200", "DELETE 204"],
  );
  assert.deepEqual(speakersOf(sim), new Set([`Bot ${TOKEN}`]));
});

Deno.test("examples/guide.ts answers a wrong key as the guide does", async () => {
  await using sim = await startSim();
  await using program = runDeno("guide.ts", settingsBefore(sim));
  const baseUrl = await guideOrigin(program);
  const stranger = createRestManager({
    token: TOKEN,
    proxy: { baseUrl, authorization: "another key" },
  });
  const { status, body = "" } = await causeOf(stranger.getUser(7n));
  assert.equal(status, 401);
  assert.deepEqual(JSON.parse(body), { error: "Invalid authorization key." });
  assert.equal(sim.requests().length, 0);
});

Deno.test("examples/rep_client.ts sends five messages over one WebSocket and meets a refusal", async () => {
  await using proxy = await startTestProxy({
    sim: {
      rules: [{ ...MESSAGES, limit: 1, periodMs: 100 }],
      script: [{
        match: "GET /channels/0/no-such-thing",
        fault: { kind: "answer", status: 404, body: '{"code":0}' },
      }],
    },
  });
  const env = { SLUICE_URL: proxy.url, REST_AUTHORIZATION: KEY };
  await using program = runDeno("rep_client.ts", env, "5");
  const { code, said } = await program.ended();
  assert.equal(said, "5 messages are out\nRefused with 404\n");
  assert.equal(code, 0);
  const marks = proxy.sim.requests().map(({ mark }) => mark).slice(0, 5);
  assert.deepEqual(marks.sort(), [1, 2, 3, 4, 5].map((n) => `message ${n}`));
});

Deno.test("examples/embedded.ts sends from inside, serves its own port, and drains on SIGTERM", async () => {
  await using sim = await startSim();
  const env = { ...settingsBefore(sim) };
  await using program = runDeno("embedded.ts", env, "5");
  await program.seen(/Sent \d+/);
  const [, port] = await program.seen(/Listening on http:\/\/127.0.0.1:(\d+)/);
  const ask = (path: string, authorization = KEY) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization } });
  const statuses: number[] = [];
  for (
    const response of [
      await ask("/api/v10/users/@me"),
      await ask("/api/v10/users/@me", "another key"),
      await ask("/elsewhere"),
    ]
  ) {
    statuses.push(response.status);
    await response.body?.cancel();
  }
  assert.deepEqual(statuses, [200, 401, 404]);
  program.signal("SIGTERM");
  assert.equal((await program.ended()).code, 0);
  assert.deepEqual(speakersOf(sim), new Set([`Bot ${TOKEN}`]));
});

/** The rights that `examples/dashboard.ts` tells to give its key. */
function dashboardRights(): Record<string, unknown> {
  const text = Deno.readTextFileSync(
    new URL("../../examples/dashboard.ts", import.meta.url),
  );
  const [entry = ""] = /\{ "name": "dashboard".*?\}/s.exec(text) ?? [];
  const { name, sha256, ...rights } = JSON.parse(
    entry.replaceAll(/^ \*/gm, ""),
  );
  assert.deepEqual([name, sha256], ["dashboard", "…"]);
  return rights;
}

Deno.test("examples/dashboard.ts reads with a key that can do nothing else", async () => {
  await using stand = await startStand({ dashboard: dashboardRights() }, {
    sim: {
      script: [
        answering("GET /users/@me", '{"username":"the bot"}'),
        answering("GET /users/@me/guilds", "[{},{}]"),
      ],
    },
  });
  const key = keyNamed("dashboard");
  await using program = runDeno("dashboard.ts", {
    SLUICE_URL: stand.proxy.url,
    DASHBOARD_KEY: key,
    PORT: "0",
  });
  const [, page = ""] = await program.seen(/Dashboard on (\S+)/);
  const shown = await fetch(page);
  assert.deepEqual(await shown.json(), { bot: "the bot", guilds: 2 });

  await using caller = stand.overHttp(key);
  const outcomes = [
    await caller.ask("POST /channels/5/messages", { content: "a write" }),
    await caller.ask("GET /guilds/5"),
  ];
  assert.deepEqual(outcomes.map(({ code }) => code), [
    "forbidden",
    "forbidden",
  ]);
});

function answering(match: string, body: string) {
  return { match, fault: { kind: "answer", status: 200, body } } as const;
}
