/** The npm package as its users get it: packed, installed into an empty Node project, run there. */
import assert from "node:assert/strict";
import { ts } from "../../tools/deps.ts";
import { hasNpm, nodeProject } from "./_node_project.ts";
import { pointedAt, README_KEY, readmeExamples } from "./_readme.ts";
import { startRelay } from "./_relay.ts";
import { pretendDiscord, startRepServer } from "./_rep_server.ts";

const WITH_NODE = { ignore: !hasNpm() };

Deno.test(
  "the packed package runs the README's Node example",
  WITH_NODE,
  async () => {
    const project = await nodeProject();
    await using server = startRepServer(pretendDiscord, README_KEY);
    const example = (await readmeExamples()).find(({ kind }) =>
      kind === "node"
    );
    assert.ok(example);
    const path = `${project.folder}/readme.mjs`;
    await Deno.writeTextFile(path, pointedAt(server.url, example));
    assert.equal(
      await project.run("readme.mjs"),
      "{ id: '1', username: 'sluice' }",
    );
  },
);

Deno.test(
  "in Node fifty messages over a wire that is cut arrive once and are answered once",
  WITH_NODE,
  async () => {
    const project = await nodeProject();
    await using server = startRepServer(async (frame) => {
      await undefined;
      if (server.executed.length === 20) relay.cut();
      return pretendDiscord(frame);
    });
    await using relay = startRelay(server.url);
    const replies = JSON.parse(await project.run("cut.mjs", relay.url));
    const expected = Array.from({ length: 50 }, (_, n) => [
      `message ${n}`,
      n % 10 === 0 ? [100_000] : [],
    ]);
    assert.deepEqual(replies, expected);
    assert.deepEqual(
      server.executed.map(({ data }) => (data as { content: string }).content),
      expected.map(([content]) => content),
    );
    assert.equal(server.connections, 2);
  },
);

Deno.test(
  "plain mode understands the protocol's reference server",
  WITH_NODE,
  async () => {
    const project = await nodeProject();
    assert.deepEqual(JSON.parse(await project.run("reference.mjs")), [
      { id: "5", query: { a: "1" } },
      null,
      [1],
      "2",
      { three: 3 },
      ["RepError", 403, "Nope"],
      ["RepError", 404, "Not Found"],
    ]);
  },
);

Deno.test(
  "a Node process with an idle client ends by itself",
  WITH_NODE,
  async () => {
    const project = await nodeProject();
    assert.equal(await project.run("idle.mjs"), "idle");
  },
);

Deno.test(
  "without a WebSocket the client says what to hand in",
  WITH_NODE,
  async () => {
    const project = await nodeProject();
    assert.match(
      await project.run("without.mjs"),
      /^TypeError: Cannot open a WebSocket: .* npm package "ws"$/,
    );
  },
);

Deno.test(
  "the declarations compile without any runtime's types",
  WITH_NODE,
  async () => {
    const { folder } = await nodeProject();
    assert.equal(problemsIn(`${folder}/typed.ts`, [], []), "");
  },
);

Deno.test(
  "the platform's WebSocket and npm's ws both fit the factory without a cast",
  WITH_NODE,
  async () => {
    const { folder } = await nodeProject();
    const dom = ["lib.dom.d.ts"];
    assert.equal(problemsIn(`${folder}/typed_sockets.ts`, dom, ["node"]), "");
  },
);

function problemsIn(path: string, libs: string[], types: string[]): string {
  const program = ts.createProgram([path], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts", ...libs],
    types,
    typeRoots: [new URL("node_modules/@types", `file://${path}`).pathname],
    strict: true,
    noEmit: true,
  });
  const problems = ts.getPreEmitDiagnostics(program);
  return ts.formatDiagnostics(problems, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => "/",
    getNewLine: () => "\n",
  });
}
