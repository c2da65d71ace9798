/**
 * Makes the npm package `sluice` in `dist/npm/sluice`: the proxy with all that
 * it imports in one file, and the supervisor, which runs it under the Deno that
 * npm installs beside it.
 */
import { VERSION } from "../rest/domain/version.ts";
import { bundle } from "./bundle.ts";
import { startWords } from "./deno_child.ts";
import { licenceTexts } from "./licence_texts.ts";
import {
  emptyFolder,
  filesIn,
  transpile,
  writeManifest,
} from "./npm_package.ts";

const ROOT = new URL("../", import.meta.url);
const SUPERVISOR = new URL("../supervisor/", import.meta.url);
const DEFAULT_OUT = new URL("../dist/npm/sluice/", import.meta.url);

/** Behaviour differs between minor versions of Deno, so the package asks for the one we develop on. */
const DENO_WANTED = `~${Deno.version.deno}`;

/** What Deno has from `deno.json` in the repository, and a file of its own cannot tell. */
const FOR_PACKAGES = "npm-lazy-caching";

/** Writes the package into a folder. */
export async function buildSluice(out: URL = DEFAULT_OUT): Promise<void> {
  await emptyFolder(out);
  await transpile(SUPERVISOR, out, { program: "main.ts" });
  for (const path of filesIn(out)) {
    // A program has no declarations that anybody imports.
    if (path.endsWith(".d.ts")) await Deno.remove(new URL(path, out));
  }
  await writeBundle(out, "rest/mod.ts", "rest.js");
  await writeBundle(out, "tools/key.ts", "key.js");
  const start = { version: VERSION, flags: startFlags() };
  await write(out, "start.json", `${JSON.stringify(start, null, 2)}\n`);
  await write(out, "LICENSES.md", await licenceTexts());
  await writeManifest(out, MANIFEST, new URL("README.md", SUPERVISOR));
}

/** The flags of `deno task start` for a file that imports no packages and has no `deno.json` beside it. */
export function startFlags(): string[] {
  const { unstable } = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", ROOT)),
  );
  const features = unstable.filter((name: string) => name !== FOR_PACKAGES)
    .map((name: string) => `--unstable-${name}`);
  const flags = startWords().slice(2, -1).filter((word) =>
    // The supervisor adds the last where there is such a file.
    !["--lock=deno.lock", "--frozen", "--env-file"].includes(word)
  );
  return ["--no-config", "--no-npm", "--no-remote", ...features, ...flags];
}

/** Bundles a module, and beside it the modules of the threads that it starts. */
async function writeBundle(
  out: URL,
  entry: string,
  file: string,
): Promise<void> {
  let text = await bundle(entry, ["--platform=deno"]);
  for (const [call, name = ""] of text.matchAll(THREAD)) {
    const source = filesIn(new URL("rest/", ROOT))
      .find((path) => path.endsWith(`/${name}.ts`));
    if (source === undefined) throw new Error(`Cannot find ${name}.ts`);
    await writeBundle(out, `rest/${source}`, `${name}.js`);
    text = text.replace(call, call.replace(".ts", ".js"));
  }
  await write(out, file, text);
}

/** How a module names the file of a thread. */
const THREAD = /import\.meta\.resolve\("\.\/(\w+)\.ts"\)/g;

async function write(out: URL, file: string, text: string): Promise<void> {
  await Deno.writeTextFile(new URL(file, out), text);
}

const MANIFEST = {
  name: "sluice",
  version: VERSION,
  description:
    "A REST proxy for Discord bots: one queue that keeps every rate limit",
  license: "MIT",
  type: "module",
  engines: { node: ">=20.12" },
  bin: { sluice: "./main.js" },
  dependencies: { deno: DENO_WANTED },
  files: ["*.js", "start.json", "LICENSES.md"],
};

if (import.meta.main) {
  await buildSluice();
  // deno-lint-ignore no-console
  console.log(`Wrote ${DEFAULT_OUT.pathname}`);
}
