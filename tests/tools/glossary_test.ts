import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const ARCHITECTURE = await Deno.readTextFile(new URL("ARCHITECTURE.md", ROOT));

/** What is handed to one function only, and says by its name to which. */
const PARAMETERS = /(?:Deps|Options|Rules|Parts)$/;

/** The words of the client's users: each has its docstring, and the client's README. */
const CLIENT_API = "client/api/";

interface Source {
  readonly path: string;
  readonly text: string;
}

async function sourcesBelow(folder: string): Promise<Source[]> {
  const sources: Source[] = [];
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) sources.push(...await sourcesBelow(`${path}/`));
    if (!entry.isFile || !path.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(new URL(path, ROOT));
    sources.push({ path, text });
  }
  return sources;
}

/** `rest/scheduler` for whatever stands below it. */
function roomOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

/** Types and classes that stand in one module and are imported by another. */
function sharedNouns(sources: readonly Source[]): Map<string, string> {
  const found = new Map<string, string>();
  const declared = new Set(
    sources.flatMap(({ path, text }) =>
      [...text.matchAll(/^export (?:interface|class|type) (\w+)/gm)]
        .map(([, name]) => `${path} ${name}`)
    ),
  );
  for (const { path, text } of sources) {
    const imports = text.matchAll(
      /^import (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm,
    );
    for (const [, names = "", specifier = ""] of imports) {
      const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
      if (roomOf(target) === roomOf(path)) continue;
      for (const word of names.split(",")) {
        const name = word.replace(/\btype\b/, "").trim().split(" ")[0] ?? "";
        if (declared.has(`${target} ${name}`)) found.set(name, target);
      }
    }
  }
  return found;
}

/** The section of the glossary; its rows name types and paths in backticks. */
function glossary(): string {
  const [, section = ""] = ARCHITECTURE.split(/^## Words$/m);
  assert.ok(section !== "", "ARCHITECTURE.md has no section `## Words`");
  return section.split(/^## /m)[0] ?? "";
}

function inBackticks(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

Deno.test("each type that one module takes from another stands in the glossary", async () => {
  const named = new Set(inBackticks(glossary()));
  const nouns = [
    ...sharedNouns(await sourcesBelow("rest/")),
    ...sharedNouns(await sourcesBelow("client/")),
  ];
  const missing = nouns
    .filter(([name, path]) => !path.startsWith(CLIENT_API) && !named.has(name))
    .filter(([name]) => !PARAMETERS.test(name))
    .map(([name, path]) => `${name} of ${path}`);
  assert.deepEqual(missing, [], "give each a row, or name it in one");
});

Deno.test("whatever the glossary names is there", async () => {
  const sources = [
    ...await sourcesBelow("rest/"),
    ...await sourcesBelow("client/"),
  ];
  const declared = new Set(
    sources.flatMap(({ text }) =>
      [...text.matchAll(/^export (?:interface|class|type) (\w+)/gm)]
        .map(([, name]) => name)
    ),
  );
  for (const code of inBackticks(glossary())) {
    if (/^(?:rest|client|sim|tests)\//.test(code)) {
      await Deno.stat(new URL(code, ROOT)).catch(() =>
        assert.fail(`the glossary names ${code}, which is not there`)
      );
    } else if (/^[A-Z][a-z]+(?:[A-Z][a-z]+)*$/.test(code)) {
      assert.ok(declared.has(code), `no type is called ${code}`);
    }
  }
});

Deno.test("no word stands in the glossary twice", () => {
  const words = [...glossary().matchAll(/^\| ([^|]+?) +\|/gm)]
    .map(([, word = ""]) => word)
    .filter((word) => word !== "Word" && !/^-+$/.test(word));
  assert.ok(words.length > 0);
  assert.deepEqual(words, [...new Set(words)]);
});
