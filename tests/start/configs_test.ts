import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import { makeFiles } from "./_files.ts";

const CONFIGS = new URL("../../configs.ts", import.meta.url);
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const KEY = "key-of-the-configs-tests";
const TOKEN = `${btoa("123456789012345678")}.of.main`;

/** What a program that imports `configs.ts` finds there. */
async function importedWith(
  env: Record<string, string>,
  permissions: readonly string[] = ["--allow-env", "--allow-read"],
): Promise<unknown> {
  await using files = await makeFiles();
  const program = `
    import * as configs from ${JSON.stringify(CONFIGS)};
    const { CONFIGS, DISCORD_TOKEN, REST_AUTHORIZATION, REST_PORT } = configs;
    const { ok } = CONFIGS;
    console.log(JSON.stringify({ ok, DISCORD_TOKEN, REST_AUTHORIZATION, REST_PORT }));
  `;
  const path = await files.write("program.ts", program);
  const { stdout, stderr } = await denoCommand({
    args: [
      "run",
      "--no-prompt",
      "--cached-only",
      `--config=${CONFIG}`,
      ...permissions,
      path,
    ],
    clearEnv: true,
    env,
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("configs.ts has the guide's names, read and checked", async () => {
  const env = {
    DISCORD_TOKEN: ` Bot ${TOKEN}`,
    REST_AUTHORIZATION: KEY,
    REST_PORT: "8001",
  };
  assert.deepEqual(await importedWith(env), {
    ok: true,
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    REST_PORT: 8001,
  });
});

Deno.test("the first bot of DISCORD_TOKENS_FILE is meant where DISCORD_TOKEN is not set", async () => {
  await using files = await makeFiles();
  const path = await files.write("tokens.json", { music: TOKEN });
  const env = { DISCORD_TOKENS_FILE: path, REST_AUTHORIZATION: KEY };
  assert.deepEqual(await importedWith(env), {
    ok: true,
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    REST_PORT: 8000,
  });
});

const NOTHING = {
  ok: false,
  DISCORD_TOKEN: "",
  REST_AUTHORIZATION: "",
  REST_PORT: 8000,
};

Deno.test("importing configs.ts throws nothing, whatever is wrong with the settings", async () => {
  assert.deepEqual(await importedWith({ REST_PORT: "eighty" }), NOTHING);
});

Deno.test("importing configs.ts throws nothing where the environment may not be read", async () => {
  assert.deepEqual(await importedWith({}, []), NOTHING);
});
