import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import { pointedAt, README_KEY, readmeExamples } from "./_readme.ts";
import { pretendDiscord, startRepServer } from "./_rep_server.ts";

/** What each name in an example stands for here. */
const MODULES: readonly [name: string, path: string][] = [
  ['"sluice-client"', "../../client/mod.ts"],
  ['"sluice-client/discordeno"', "../../client/discordeno.ts"],
  ['"@discordeno/rest"', "../../deps.ts"],
];

Deno.test("every example of the README compiles and does what it says", async () => {
  await using server = startRepServer(pretendDiscord, README_KEY);
  await using plain = startRepServer(pretendDiscord, "");
  const folder = await Deno.makeTempDir();
  try {
    const names: string[] = [];
    for (const example of await readmeExamples()) {
      // It needs a package; the test of the npm package runs it, in Node.
      if (example.kind === "node") continue;
      const { url } = example.kind === "plain" ? plain : server;
      const name = `example_${names.length}.ts`;
      names.push(name);
      const code = withModules(pointedAt(url, example));
      await Deno.writeTextFile(`${folder}/${name}`, code);
    }
    assert.ok(names.length >= 6);
    const all = names.map((name) => `await import("./${name}");`).join("\n");
    await Deno.writeTextFile(`${folder}/all.ts`, all);
    const said = await run(`${folder}/all.ts`);
    assert.deepEqual(said, [
      "sluice",
      "77",
      "400 50006 true",
      '404 { message: "Unknown", code: 10000 }',
      "true 0 0",
      '{ id: "1", username: "sluice" }',
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function withModules(code: string): string {
  return MODULES.reduce(
    (text, [name, path]) =>
      text.replaceAll(
        `from ${name}`,
        `from "${new URL(path, import.meta.url)}"`,
      ),
    code,
  );
}

async function run(path: string): Promise<string[]> {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { code, stdout, stderr } = await denoCommand({
    args: ["run", "--allow-all", "--check", "--config", config, path],
  }).output();
  const text = new TextDecoder();
  assert.equal(code, 0, text.decode(stderr));
  return text.decode(stdout).trim().split("\n");
}
