import assert from "node:assert/strict";
import { hasNode } from "../clients/_packages.ts";
import { KEY, type Place, startPlace, TOKEN } from "../clients/_places.ts";
import type { FaultChance } from "../../sim/model/fault.ts";
import { arrived } from "./_arrived.ts";
import { INTERACTION, startGateway, TYPING } from "./_gateway.ts";
import { runNode } from "./_node_example.ts";

const ROOT = new URL("../../", import.meta.url);

/** Of the length that discord.js wants of one. */
const WEBHOOK = `/webhooks/1300000000000000002/${
  "webhook-".repeat(9).slice(0, 68)
}`;
const CALLBACK =
  `POST /interactions/${INTERACTION.id}/${INTERACTION.token}/callback`;
const FOLLOW_UP =
  `/webhooks/${INTERACTION.application_id}/${INTERACTION.token}`;

/** What the bots read of a message of theirs. */
const MESSAGE = {
  id: "1400000000000000001",
  "channel_id": "900000000000000001",
  author: INTERACTION.user,
  content: "Pong!",
  timestamp: "2026-01-01T00:00:00.000000+00:00",
  type: 0,
  attachments: [],
  embeds: [],
  mentions: [],
  "mention_roles": [],
  components: [],
};

function always(match: string, body: unknown): FaultChance {
  return {
    match,
    probability: 1,
    fault: {
      kind: "answer",
      status: 200,
      body: JSON.stringify(body),
      isExecuted: true,
    },
  };
}

/** A Discord whose gateway is this one, and the proxy as `deno task start` runs it, with settings that everybody has. */
function startBehind(gatewayUrl: string): Promise<Place> {
  return startPlace({
    discord: {
      faults: [
        always("GET /gateway/bot", {
          url: gatewayUrl,
          shards: 1,
          "session_start_limit": {
            total: 1_000,
            remaining: 1_000,
            "reset_after": 0,
            "max_concurrency": 1,
          },
        }),
        always("POST /webhooks/{webhook}/{token}", MESSAGE),
        always("PATCH /webhooks/{webhook}/{token}/messages/{message}", MESSAGE),
      ],
    },
  });
}

/** The blocks of a language below README's "Quick starts". */
function quickStarts(language: string): string[] {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const [, section = ""] = readme.split("\n## Quick starts\n");
  const blocks = section.split("\n## ")[0]
    ?.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...blocks ?? []]
    .flatMap(([, word, code = ""]) => word === language ? [code] : []);
}

/** The program below README's "Quick starts" that has to do with `library`. */
function quickStart(library: string): string {
  const found = quickStarts("js").find((code) =>
    code.includes(`from "${library}"`)
  );
  assert.ok(found !== undefined, `README's quick starts have no ${library}`);
  return found;
}

function exampleOf(file: string): string {
  return Deno.readTextFileSync(new URL(`examples/${file}`, ROOT));
}

/** What a bot is given besides its token. */
const GIVEN = {
  interactions: [INTERACTION] as readonly object[],
  env: { WEBHOOK_URL: `https://discord.com/api${WEBHOOK}` },
};

/** Runs a bot until these calls have arrived, and returns what each of them said. */
async function bodiesFrom(
  code: string,
  lines: readonly string[],
  given: { interactions: readonly object[]; env: Record<string, string> } =
    GIVEN,
): Promise<unknown[]> {
  await using gateway = startGateway(given.interactions);
  await using place = await startBehind(gateway.url);
  const here = code.replaceAll("http://127.0.0.1:8000", place.origin);
  await using program = await runNode(here, {
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    ...given.env,
  });
  const calls = await arrived(
    place.sim,
    program.ended,
    (calls) => lines.every((line) => calls.some((call) => call.line === line)),
  );
  assert.doesNotMatch(program.said, /Error/);
  return lines.map((line) => {
    const { body = "" } = calls.find((call) => call.line === line) ?? {};
    return body === "" ? undefined : JSON.parse(body);
  });
}

Deno.test({
  name:
    "README's discord.js quick start logs in, replies to an interaction and runs a webhook",
  ignore: !hasNode(),
  async fn() {
    const [reply, post] = await bodiesFrom(quickStart("discord.js"), [
      CALLBACK,
      `POST ${WEBHOOK}`,
    ]);
    assert.deepEqual(Object(reply).data.content, "Pong!");
    assert.equal(Object(post).content, "Deployed");
  },
});

Deno.test({
  name:
    "README's discord.js quick start needs no webhook, and leaves alone what is no command",
  ignore: !hasNode(),
  async fn() {
    const code = quickStart("discord.js");
    const given = { interactions: [TYPING, INTERACTION], env: {} };
    const [reply] = await bodiesFrom(code, [CALLBACK], given);
    assert.equal(Object(reply).data.content, "Pong!");
  },
});

Deno.test({
  name:
    "README's trial without Discord logs in and replies to an interaction, without a key",
  ignore: !hasNode(),
  async fn() {
    const [reply] = await bodiesFrom(quickStart("@discordjs/rest"), [
      `POST /interactions/${INTERACTION.id}/aW50ZXJhY3Rpb24/callback`,
      "GET /users/@me",
    ]);
    assert.equal(Object(reply).data.content, "Pong!");
  },
});

Deno.test({
  name:
    "docs/operating.md's lines for discord.js print where the time of a call went",
  ignore: !hasNode(),
  async fn() {
    await using place = await startPlace({ discord: {} });
    const page = Deno.readTextFileSync(new URL("docs/operating.md", ROOT));
    const [, lines = ""] = /^```js\n(.*?)^```$/ms.exec(page) ?? [];
    const trial = quickStart("@discordjs/rest")
      .replace("127.0.0.1:8000", new URL(place.origin).host)
      .replace(/^console\.log/m, `const client = { rest };\n${lines}$&`);
    await using program = await runNode(trial, { DISCORD_TOKEN: TOKEN });
    await assert.rejects(program.ended);
    assert.match(program.said, /^GET \/users\/@me queue;dur=\d.*discord;dur=/m);
    assert.match(program.said, /^POST \/interactions\/.* queue;dur=\d/m);
  },
});

Deno.test({
  name: "README's curl has its key from a .env made of .env.example",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using place = await startPlace({ discord: {} });
    const folder = await Deno.makeTempDir();
    const example = Deno.readTextFileSync(new URL(".env.example", ROOT));
    await Deno.writeTextFile(
      `${folder}/.env`,
      example.replace(/^(REST_AUTHORIZATION)=$/m, `$1=${KEY}`),
    );
    const code = quickStarts("sh").find((block) => block.includes("curl"));
    assert.ok(code !== undefined);
    const { code: exit } = await new Deno.Command("sh", {
      args: ["-ec", code.replaceAll("http://127.0.0.1:8000", place.origin)],
      cwd: folder,
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "" },
    }).output();
    await Deno.remove(folder, { recursive: true });
    assert.equal(exit, 0);
    const [{ target, status } = { target: "", status: 0 }] = place.sim
      .requests();
    assert.deepEqual([target, status], ["/api/v10/users/@me", 200]);
  },
});

Deno.test({
  name:
    "examples/discordjs_bot.mjs defers, edits its reply and posts by a webhook",
  ignore: !hasNode(),
  async fn() {
    const [callback, edit, post] = await bodiesFrom(
      exampleOf("discordjs_bot.mjs"),
      [CALLBACK, `PATCH ${FOLLOW_UP}/messages/%40original`, `POST ${WEBHOOK}`],
    );
    assert.equal(Object(callback).type, 5);
    assert.equal(Object(edit).content, "Pong!");
    assert.equal(Object(post).content, "The bot is up");
  },
});

Deno.test({
  name: "examples/discordeno_bot.mjs logs in and answers an interaction",
  ignore: !hasNode(),
  async fn() {
    const [callback] = await bodiesFrom(exampleOf("discordeno_bot.mjs"), [
      CALLBACK,
    ]);
    assert.equal(Object(callback).data.content, "Pong!");
  },
});
