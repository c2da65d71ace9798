/**
 * Makes the npm package of the simulated Discord in `dist/npm/discord`: JavaScript
 * modules, their declarations, and a program. It has no dependencies.
 */
import { VERSION } from "../rest/domain/version.ts";
import { emptyFolder, transpile, writeManifest } from "./npm_package.ts";

const SIM = new URL("../sim/", import.meta.url);
const DEFAULT_OUT = new URL("../dist/npm/discord/", import.meta.url);

/** The entry for other programs: everything `server.ts` exports. */
const ENTRY = "./server.js";

/** Not for Node. */
const FOR_DENO = "main.ts";

/** Writes the package into a folder. */
export async function buildDiscord(out: URL = DEFAULT_OUT): Promise<void> {
  await emptyFolder(out);
  await transpile(SIM, out, { leftOut: [FOR_DENO], program: "discord.ts" });
  await writeManifest(out, MANIFEST, new URL("README.md", SIM));
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

if (import.meta.main) {
  await buildDiscord();
  // deno-lint-ignore no-console
  console.log(`Wrote ${DEFAULT_OUT.pathname}`);
}
