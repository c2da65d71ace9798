import { buildNpm } from "../../tools/build_npm.ts";
import { NODE_PROGRAMS } from "./_node_programs.ts";

/** What the tests put beside the client, pinned. */
const PACKAGES = [
  "ws@8.23.0",
  "@types/ws@8.18.1",
  "@types/node@20.19.25",
  "rest-exchange-protocol@0.0.12",
];

/** A Node project with the packed client installed. */
export interface NodeProject {
  readonly folder: string;
  /** Runs a program of the folder and returns the last line it prints. */
  run(program: string, ...args: string[]): Promise<string>;
}

/** True where npm can be run; without Node there is nothing to install into. */
export function hasNpm(): boolean {
  try {
    const npm = new Deno.Command("npm", { args: ["--version"] });
    return npm.outputSync().success;
  } catch {
    return false;
  }
}

let project: Promise<NodeProject> | undefined;

/** Builds, packs and installs the package, once for all tests of a file. */
export function nodeProject(): Promise<NodeProject> {
  project ??= makeProject();
  return project;
}

async function makeProject(): Promise<NodeProject> {
  const folder = await Deno.makeTempDir({ prefix: "sluice-client-" });
  addEventListener(
    "unload",
    () => Deno.removeSync(folder, { recursive: true }),
  );
  const out = new URL(`file://${folder}/package/`);
  await buildNpm(out);
  const packed = await npm(out.pathname, "pack", "--pack-destination", folder);
  const tarball = packed.trim().split("\n").at(-1) ?? "";
  // From here on the package exists only as what npm would publish.
  await Deno.remove(out, { recursive: true });
  const description = JSON.stringify({ private: true, type: "module" });
  await Deno.writeTextFile(`${folder}/package.json`, description);
  await npm(
    folder,
    "install",
    "--prefer-offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    `./${tarball}`,
    ...PACKAGES,
  );
  for (const [name, text] of Object.entries(NODE_PROGRAMS)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  return {
    folder,
    run: (program, ...args) => lastLineOf("node", folder, [program, ...args]),
  };
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  return await outputOf("npm", cwd, args);
}

async function lastLineOf(
  program: string,
  cwd: string,
  args: string[],
): Promise<string> {
  const said = await outputOf(program, cwd, args);
  return said.trim().split("\n").at(-1) ?? "";
}

async function outputOf(
  program: string,
  cwd: string,
  args: string[],
): Promise<string> {
  const command = new Deno.Command(program, { args, cwd });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  if (success) return text.decode(stdout);
  throw new Error(
    `Cannot run ${program} ${args.join(" ")}: ${text.decode(stderr)}`,
  );
}
