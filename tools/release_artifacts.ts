/**
 * `deno task release:artifacts`: what a release consists of, in `dist/release`:
 * the npm packages as tarballs, the bill of materials, the changelog's section,
 * and the checksums of all. CI runs it on a tag, and `deno task release` before.
 */
import { VERSION } from "../rest/domain/version.ts";
import { buildDiscord } from "./build_discord.ts";
import { buildNpm } from "./build_npm.ts";
import { buildSluice } from "./build_sluice.ts";
import { BUNDLED } from "./licence_texts.ts";
import { emptyFolder } from "./npm_package.ts";
import { manifestOf, packagesOf } from "./packages_of.ts";
import { notesOf } from "./release/changelog.ts";
import { type Material, sbomOf } from "./release/sbom.ts";

const ROOT = new URL("../", import.meta.url);
const PACKAGES = new URL("dist/npm/", ROOT);
const OUT = new URL("dist/release/", ROOT);

const BUILDS = {
  sluice: buildSluice,
  client: buildNpm,
  discord: buildDiscord,
} as const;

if (import.meta.main) {
  await emptyFolder(OUT);
  for (const [name, build] of Object.entries(BUILDS)) {
    const built = new URL(`${name}/`, PACKAGES);
    await build(built);
    await pack(built);
  }
  await write("sbom.json", sbomOf(VERSION, await materials()));
  const changelog = await Deno.readTextFile(new URL("CHANGELOG.md", ROOT));
  await write("notes.md", `${notesOf(changelog, VERSION)}\n`);
  await write("SHA256SUMS", await checksums());
}

/** Makes the tarball that npm would publish. */
async function pack(built: URL): Promise<void> {
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["pack", "--pack-destination", OUT.pathname],
    cwd: built,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** What the package `sluice` is made of. */
async function materials(): Promise<Material[]> {
  const lock = JSON.parse(
    await Deno.readTextFile(new URL("deno.lock", ROOT)),
  );
  const packages = await packagesOf(BUNDLED);
  return await Promise.all(packages.map(async (info) => {
    const { license } = await manifestOf(info);
    const id = `${info.name}@${info.version}`;
    // Where a package has peers, the lock file names them, too.
    const [key] = Object.keys(lock.npm).filter((name) =>
      name === id || name.startsWith(`${id}_`)
    );
    if (license === undefined || key === undefined) {
      throw new Error(`Cannot tell licence and digest of ${id}`);
    }
    return { ...info, license, integrity: lock.npm[key].integrity };
  }));
}

/** Lines as `sha256sum --check` reads them. */
async function checksums(): Promise<string> {
  const names = [...Deno.readDirSync(OUT)].map(({ name }) => name).sort();
  const lines = await Promise.all(names.map(async (name) => {
    const bytes = await Deno.readFile(new URL(name, OUT));
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    return `${new Uint8Array(digest).toHex()}  ${name}\n`;
  }));
  return lines.join("");
}

async function write(name: string, text: string): Promise<void> {
  await Deno.writeTextFile(new URL(name, OUT), text);
}
