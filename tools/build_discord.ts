/**
 * Makes the npm package of the simulated Discord in `dist/discord`: JavaScript
 * modules, their declarations, and a program. It has no dependencies.
 */
import { VERSION } from "../rest/domain/version.ts";
import { ts } from "./deps.ts";

const SIM = new URL("../sim/", import.meta.url);
const DEFAULT_OUT = new URL("../dist/discord/", import.meta.url);

/** Node 20 runs this language without help. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  isolatedModules: true,
  isolatedDeclarations: true,
  declaration: true,
  verbatimModuleSyntax: true,
};

/** The entry for other programs: everything `server.ts` exports. */
const ENTRY = "./server.js";

/** For Deno alone. */
const LEFT_OUT = new Set(["main.ts"]);

/** The program: npm links its name to this file, which has to say who runs it. */
const PROGRAM = "discord.ts";
const SHEBANG = "#!/usr/bin/env node\n";

/** Writes the package into a folder. */
export async function buildDiscord(out: URL = DEFAULT_OUT): Promise<void> {
  await Deno.remove(out, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(out, { recursive: true });
  for (const path of filesIn(SIM)) await compile(path, out);
  const manifest = JSON.stringify(MANIFEST, null, 2);
  await Deno.writeTextFile(new URL("package.json", out), `${manifest}\n`);
  await Deno.copyFile(new URL("README.md", SIM), new URL("README.md", out));
  const license = new URL("../LICENSE", import.meta.url);
  await Deno.copyFile(license, new URL("LICENSE", out));
}

/** Paths of its TypeScript files, relative to `folder`. */
function filesIn(folder: URL, under = ""): string[] {
  return [...Deno.readDirSync(new URL(under, folder))].flatMap((entry) => {
    const path = `${under}${entry.name}`;
    if (entry.isDirectory) return filesIn(folder, `${path}/`);
    return path.endsWith(".ts") && !LEFT_OUT.has(path) ? [path] : [];
  });
}

/** File by file: `deno task check` has checked the types of all of them together. */
async function compile(path: string, out: URL): Promise<void> {
  const text = await Deno.readTextFile(new URL(path, SIM));
  const told = { compilerOptions: OPTIONS, fileName: path };
  const code = ts.transpileModule(text, told).outputText;
  const types = ts.transpileDeclaration(text, told).outputText;
  const to = new URL(path.replace(/\.ts$/, ""), out).pathname;
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  const isProgram = path === PROGRAM;
  await Deno.writeTextFile(
    `${to}.js`,
    `${isProgram ? SHEBANG : ""}${withJsImports(code)}`,
    { mode: isProgram ? 0o755 : 0o644 },
  );
  await Deno.writeTextFile(`${to}.d.ts`, withJsImports(types));
}

function withJsImports(text: string): string {
  return text.replaceAll(/(from "\.\.?\/[^"]+)\.ts"/g, '$1.js"');
}

const MANIFEST = {
  name: "sluice-discord",
  version: VERSION,
  description:
    "A simulated Discord REST API with its rate limits and its failures, for tests",
  license: "MIT",
  type: "module",
  engines: { node: ">=20" },
  bin: { "sluice-discord": "./discord.js" },
  types: "./server.d.ts",
  exports: { ".": { types: "./server.d.ts", default: ENTRY } },
  files: ["**/*.js", "**/*.d.ts"],
};

function ignoreMissing(thrown: unknown): void {
  if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
}

if (import.meta.main) {
  await buildDiscord();
  // deno-lint-ignore no-console
  console.log(`Wrote ${DEFAULT_OUT.pathname}`);
}
