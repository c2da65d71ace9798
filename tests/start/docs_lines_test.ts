import assert from "node:assert/strict";
import { headerOf } from "../../sim/model/request.ts";
import { startSim } from "../../sim/server.ts";
import { fixturePath } from "../tls/_callers.ts";
import { makeFiles, sha256Of } from "./_files.ts";
import { KEY } from "./_held_upstream.ts";
import { type Child, startChild } from "./child.ts";

/** The examples of one language below one heading of a page, in their order. */
function examplesIn(page: string, heading: string, language: string): string[] {
  const whole = Deno.readTextFileSync(
    new URL(`../../docs/${page}`, import.meta.url),
  );
  const [, section = ""] = whole.split(`\n## ${heading}\n`);
  const [text = ""] = section.split("\n## ");
  const example = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms");
  return [...text.matchAll(example)].map(([, code = ""]) => code.trim());
}

/** Its curl lines are run as they are; a machine without it cannot. */
function hasCurl(): boolean {
  try {
    const { success } = new Deno.Command("curl", { args: ["--version"] })
      .outputSync();
    return success;
  } catch {
    return false;
  }
}

/** Runs a line of a page, with the places it names put where they are here; returns the status. */
async function run(
  line: string,
  places: Readonly<Record<string, string>>,
  key = KEY,
): Promise<string> {
  const here = Object.entries(places)
    .reduce((text, [from, to]) => text.replaceAll(from, to), line);
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      `${here} --silent --output /dev/null --write-out '%{http_code}'`,
    ],
    env: { REST_AUTHORIZATION: key },
  }).output();
  return new TextDecoder().decode(stdout);
}

/** `NAME=value` lines as the environment they make. */
function settingsIn(
  lines: string,
  places: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    lines.split("\n").map((line) => {
      const [name = "", value = ""] = line.split("=");
      return [name, places[value] ?? value];
    }),
  );
}

async function listening(child: Child): Promise<string> {
  const [, address = ""] = await child.seen(/Listening on (\S+?)(?:"|\s)/);
  return address;
}

const MAIN_TOKEN = `${btoa("123456789012345678")}.of.main`;
const MUSIC_TOKEN = `${btoa("223456789012345678")}.of.music`;
const OTHER_TOKEN = `${btoa("323456789012345678")}.of.another`;
const DASHBOARD_KEY = "key-that-the-dashboard-was-given";

Deno.test({
  name:
    "docs/keys.md: the files of bots and keys do what is said of them, by the page's own lines",
  ignore: !hasCurl(),
  async fn() {
    const section = "Several bots, several keys";
    const [tokens = "", keys = ""] = examplesIn("keys.md", section, "json");
    const [asMusic = ""] = examplesIn("keys.md", section, "sh");
    await using files = await makeFiles();
    await using sim = await startSim();
    await using child = await startChild({
      env: {
        DISCORD_TOKEN: MAIN_TOKEN,
        REST_AUTHORIZATION: KEY,
        REST_PORT: "0",
        REST_UPSTREAM: sim.url,
        DISCORD_TOKENS_FILE: await files.write(
          "tokens.json",
          tokens.replace("<a bot's token>", MUSIC_TOKEN)
            .replace("<a bot's token>", OTHER_TOKEN),
        ),
        REST_KEYS_FILE: await files.write(
          "keys.json",
          keys.replace("<64 hex digits, as printed>", sha256Of(DASHBOARD_KEY)),
        ),
      },
    });
    const places = { "http://127.0.0.1:8000": await listening(child) };
    const ask = (line: string, key?: string) => run(line, places, key);
    const speaker = () =>
      headerOf(sim.requests().at(-1)?.headers ?? [], "authorization");

    assert.equal(await ask(asMusic), "200");
    assert.equal(speaker(), `Bot ${MUSIC_TOKEN}`);
    const asFirst = asMusic.replace('-H "bot_id: music" ', "");
    assert.equal(await ask(asFirst), "200");
    assert.equal(speaker(), `Bot ${MAIN_TOKEN}`);

    // The dashboard's first bot is another one, and not all is its business.
    assert.equal(await ask(asFirst, DASHBOARD_KEY), "200");
    assert.equal(speaker(), `Bot ${MUSIC_TOKEN}`);
    const elsewhere = asFirst.replace("/users/@me", "/gateway/bot");
    assert.equal(await ask(elsewhere, DASHBOARD_KEY), "403");
    assert.equal(await ask(`${asFirst} -X DELETE`, DASHBOARD_KEY), "403");
    const notIts = asMusic.replace("music", "moderation");
    assert.equal(await ask(notIts, DASHBOARD_KEY), "403");
    assert.equal(await ask(notIts), "200");
  },
});

Deno.test({
  name:
    "docs/network.md: its settings for TLS and for a Unix socket, and its line for that",
  ignore: !hasCurl(),
  async fn() {
    const section = "TLS, or a Unix socket";
    const [tls = "", socket = "", overSocket = ""] = examplesIn(
      "network.md",
      section,
      "sh",
    );
    await using files = await makeFiles();
    await using sim = await startSim();
    const env = {
      DISCORD_TOKEN: MAIN_TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_UPSTREAM: sim.url,
    };
    {
      const places = {
        // Not to be reached from elsewhere while tests run.
        "0.0.0.0": "127.0.0.1",
        "/etc/sluice/fullchain.pem": fixturePath("cert.pem"),
        "/etc/sluice/privkey.pem": fixturePath("key.pem"),
      };
      await using child = await startChild({
        env: { ...env, REST_PORT: "0", ...settingsIn(tls, places) },
      });
      const address = await listening(child);
      assert.match(address, /^https:/);
      const line = `curl --cacert ${fixturePath("ca.pem")} ` +
        `-H "Authorization: $REST_AUTHORIZATION" ${address}/users/@me`;
      assert.equal(await run(line, {}), "200");
    }
    const places = { "/run/sluice/proxy.sock": files.pathOf("s") };
    await using child = await startChild({
      env: { ...env, ...settingsIn(socket, places) },
    });
    await listening(child);
    assert.equal(await run(overSocket, places), "200");
  },
});
