/**
 * Makes the client's npm package in `dist/npm/client`: JavaScript modules and their
 * declarations. They are compiled without the types of any runtime, so code
 * that depends on one runtime fails here.
 */
import { VERSION } from "../rest/domain/version.ts";
import { ts } from "./deps.ts";
import { emptyFolder, withJsImports, writeManifest } from "./npm_package.ts";

const CLIENT = new URL("../client/", import.meta.url);
const DEFAULT_OUT = new URL("../dist/npm/client/", import.meta.url);

/** What each import of the package leads to. */
const ENTRIES = { ".": "mod", "./discordeno": "discordeno" } as const;

/** Node 20 and browsers of the same years run this language without help. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts"],
  types: [],
  declaration: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  allowImportingTsExtensions: true,
  rewriteRelativeImportExtensions: true,
};

/** Writes the package into a folder; throws the compiler's messages when the client does not compile. */
export async function buildNpm(out: URL = DEFAULT_OUT): Promise<void> {
  await emptyFolder(out);
  compile(out);
  await writeManifest(out, manifestOf(), new URL("README.md", CLIENT));
}

function compile(out: URL): void {
  const roots = Object.values(ENTRIES).map((name) =>
    new URL(`${name}.ts`, CLIENT).pathname
  );
  const options = {
    ...OPTIONS,
    outDir: out.pathname,
    rootDir: CLIENT.pathname,
  };
  const program = ts.createProgram(roots, options);
  const { diagnostics } = program.emit(undefined, writeWithJsImports);
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length === 0) return;
  throw new Error(
    ts.formatDiagnostics(problems, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => CLIENT.pathname,
      getNewLine: () => "\n",
    }),
  );
}

/** The compiler rewrites imports in modules but not in declarations. */
function writeWithJsImports(path: string, text: string): void {
  const isDeclaration = path.endsWith(".d.ts");
  const written = isDeclaration ? withJsImports(text) : text;
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(path, written);
}

function manifestOf(): Record<string, unknown> {
  const exports = Object.fromEntries(
    Object.entries(ENTRIES).map(([entry, name]) => [
      entry,
      { types: `./${name}.d.ts`, default: `./${name}.js` },
    ]),
  );
  return {
    name: "sluice-client",
    version: VERSION,
    description: "A client of the REST Exchange Protocol, with sessions",
    license: "MIT",
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    types: "./mod.d.ts",
    exports,
    files: ["**/*.js", "**/*.d.ts"],
  };
}

if (import.meta.main) {
  await buildNpm();
  // deno-lint-ignore no-console
  console.log(`Wrote ${DEFAULT_OUT.pathname}`);
}
