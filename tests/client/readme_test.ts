import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import {
  docstringExamples,
  pointedAt,
  README_KEY,
  readmeExamples,
} from "./_readme.ts";
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

Deno.test("every example in a docstring compiles and runs", async () => {
  await using server = startRepServer(pretendDiscord, README_KEY);
  const folder = await Deno.makeTempDir();
  try {
    const examples = await docstringExamples();
    assert.ok(examples.length >= 15);
    const runs = examples.map(({ code }) =>
      `await run(async (client: RepClient) => {\n{${code}}\n});`
    );
    const program = PREAMBLE + runs.join("\n");
    const code = program.replaceAll("ws://127.0.0.1:8000/rep", server.url);
    await Deno.writeTextFile(`${folder}/all.ts`, withModules(code));
    await run(`${folder}/all.ts`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What the docstrings leave out: the imports, and a client. */
const PREAMBLE = `
import {
  CLOSE_RULES,
  RepClient,
  RepClosedError,
  RepError,
  RepFailure,
  RepLimitError,
} from "sluice-client";
import { overRep } from "sluice-client/discordeno";
import { createRestManager } from "@discordeno/rest";
void CLOSE_RULES;
async function run(example: (client: RepClient) => Promise<void>) {
  await using client = new RepClient("ws://127.0.0.1:8000/rep", {
    token: "${README_KEY}",
  });
  await example(client);
}
`;

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
