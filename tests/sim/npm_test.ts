/** The package of the simulated Discord as its users get it: packed, installed, run by Node. */
import assert from "node:assert/strict";
import { buildDiscord } from "../../tools/build_discord.ts";
import { hasNpm } from "../client/_node_project.ts";

/** A bot's test as its author would write it. */
const PROGRAM = `
import { startSim } from "sluice-discord";
const sim = await startSim({
  rules: [{ match: "GET /users/{id}", limit: 1, periodMs: 60_000 }],
});
const statuses = [];
for (let n = 0; n < 2; n++) {
  const response = await fetch(sim.url + "/v10/users/80351110224678912", {
    headers: { authorization: "Bot x.y.z" },
  });
  statuses.push(response.status);
}
const { limited } = sim.audit.report();
await sim.close();
console.log(JSON.stringify({ statuses, limited }));
`;

Deno.test({
  name: "the packed simulator runs in Node, as a module and as a program",
  ignore: !hasNpm(),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "sluice-discord-" });
    try {
      await install(folder);
      await Deno.writeTextFile(`${folder}/test.mjs`, PROGRAM);
      const printed = await outputOf("node", folder, ["test.mjs"]);
      assert.deepEqual(JSON.parse(printed), {
        statuses: [200, 429],
        limited: { user: 1, global: 0, shared: 0, cloudflare: 0 },
      });
      await runProgram(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function install(folder: string): Promise<void> {
  const built = new URL(`file://${folder}/package/`);
  await buildDiscord(built);
  const packed = await outputOf("npm", built.pathname, [
    "pack",
    "--pack-destination",
    folder,
  ]);
  await Deno.remove(built, { recursive: true });
  const description = JSON.stringify({ private: true, type: "module" });
  await Deno.writeTextFile(`${folder}/package.json`, description);
  const tarball = packed.trim().split("\n").at(-1) ?? "";
  await outputOf("npm", folder, [
    "install",
    "--offline",
    "--no-audit",
    "--no-fund",
    `./${tarball}`,
  ]);
}

/** Starts it by the name npm gives it, asks it something, and ends it. */
async function runProgram(folder: string): Promise<void> {
  const child = new Deno.Command(`${folder}/node_modules/.bin/sluice-discord`, {
    args: ["--port", "0"],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("/__sim/\n")) text += (await reader.read()).value;
  const [, url = ""] = /at (http:\S+\/api)\n/.exec(text) ?? [];
  const response = await fetch(`${url}/v10/gateway`);
  await response.body?.cancel();
  assert.equal(response.status, 200);
  child.kill("SIGTERM");
  const { code } = await child.status;
  await reader.cancel();
  assert.equal(code, 0);
}

async function outputOf(
  program: string,
  cwd: string,
  args: string[],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}
