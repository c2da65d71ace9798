/** What the builds of the npm packages share. */
import { ts } from "./deps.ts";

const LICENSE = new URL("../LICENSE", import.meta.url);

/** Node 20 runs this language without help. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  isolatedModules: true,
  isolatedDeclarations: true,
  declaration: true,
  verbatimModuleSyntax: true,
};

/** npm links a program's name to its file, which has to say who runs it. */
const SHEBANG = "#!/usr/bin/env node\n";

/** Which files of a folder become what. */
export interface TranspileOptions {
  readonly leftOut?: readonly string[];
  /** The file that is a program, where there is one. */
  readonly program?: string;
}

/** Makes an empty folder. */
export async function emptyFolder(folder: URL): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(folder, { recursive: true });
}

/** Writes every TypeScript file of a folder as JavaScript and its declarations, one by one: `deno task check` has checked the types of all of them together. */
export async function transpile(
  from: URL,
  out: URL,
  { leftOut = [], program }: TranspileOptions,
): Promise<void> {
  for (const path of filesIn(from)) {
    if (leftOut.includes(path)) continue;
    const text = await Deno.readTextFile(new URL(path, from));
    const told = { compilerOptions: OPTIONS, fileName: path };
    const code = ts.transpileModule(text, told).outputText;
    const types = ts.transpileDeclaration(text, told).outputText;
    const to = new URL(path.replace(/\.ts$/, ""), out).pathname;
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    const isProgram = path === program;
    await Deno.writeTextFile(
      `${to}.js`,
      `${isProgram ? SHEBANG : ""}${withJsImports(code)}`,
      { mode: isProgram ? 0o755 : 0o644 },
    );
    await Deno.writeTextFile(`${to}.d.ts`, withJsImports(types));
  }
}

/** Paths of its TypeScript files, relative to `folder`. */
export function filesIn(folder: URL, under = ""): string[] {
  return [...Deno.readDirSync(new URL(under, folder))].flatMap((entry) => {
    const path = `${under}${entry.name}`;
    if (entry.isDirectory) return filesIn(folder, `${path}/`);
    return path.endsWith(".ts") ? [path] : [];
  });
}

/** Its relative imports, as JavaScript files. */
export function withJsImports(text: string): string {
  return text.replaceAll(/(from "\.\.?\/[^"]+)\.ts"/g, '$1.js"');
}

/** Writes `package.json`, and puts its README and our licence beside it. */
export async function writeManifest(
  out: URL,
  manifest: object,
  readme: URL,
): Promise<void> {
  const text = JSON.stringify(manifest, null, 2);
  await Deno.writeTextFile(new URL("package.json", out), `${text}\n`);
  await Deno.copyFile(readme, new URL("README.md", out));
  await Deno.copyFile(LICENSE, new URL("LICENSE", out));
}

function ignoreMissing(thrown: unknown): void {
  if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
}
