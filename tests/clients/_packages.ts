const PACKAGES = new URL("packages/", import.meta.url);
const DESCRIPTION = ["package.json", "package-lock.json"];

/** Beside the packages Node finds them by the rules it has for files there. */
const LOADER = "export const load = (name) => import(name);\n";
const LOADER_NAME = "load.mjs";

/** True where npm can be run; without Node no library can be tried. */
export function hasNode(): boolean {
  try {
    return new Deno.Command("npm", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

/**
 * Installs the client libraries unless they are there, and returns the folder.
 * It is in a cache outside the repository, one for each lock file, so that
 * only the first run needs the network.
 */
export async function installedPackages(): Promise<string> {
  const cache = cacheFolder();
  const folder = `${cache}/${await lockName()}`;
  if (!await isThere(`${folder}/${LOADER_NAME}`)) await install(cache, folder);
  return folder;
}

/** The module of an installed folder that loads its packages. */
export function loaderOf(folder: string): string {
  return `${folder}/${LOADER_NAME}`;
}

/** The version of an installed package, as it says itself. */
export async function versionOf(folder: string, name: string): Promise<string> {
  const text = await Deno.readTextFile(
    `${folder}/node_modules/${name}/package.json`,
  );
  return JSON.parse(text).version;
}

async function lockName(): Promise<string> {
  const lock = await Deno.readFile(new URL("package-lock.json", PACKAGES));
  const hash = await crypto.subtle.digest("SHA-256", lock);
  return new Uint8Array(hash).toHex().slice(0, 16);
}

function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") ??
    (home === undefined ? "/tmp" : `${home}/.cache`);
  return `${cache}/sluice-clients`;
}

async function install(cache: string, folder: string): Promise<void> {
  // Beside its place and moved there when complete: a run that is broken off,
  // or one at the same time, leaves nothing half-installed.
  await Deno.mkdir(cache, { recursive: true });
  const draft = await Deno.makeTempDir({ dir: cache, prefix: "installing-" });
  for (const name of DESCRIPTION) {
    await Deno.copyFile(new URL(name, PACKAGES), `${draft}/${name}`);
  }
  const { success, stderr } = await new Deno.Command("npm", {
    args: [
      "ci",
      "--ignore-scripts",
      "--omit=optional",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
    ],
    cwd: draft,
    stdout: "piped",
    stderr: "piped",
  }).output();
  await Deno.writeTextFile(loaderOf(draft), LOADER);
  if (success && await isMoved(draft, folder)) return;
  await Deno.remove(draft, { recursive: true });
  if (success && await isThere(loaderOf(folder))) return;
  throw new Error(
    `Cannot install the client libraries into ${folder}: npm ci said ${
      new TextDecoder().decode(stderr).trim()
    }`,
  );
}

/** False when another run was first. */
async function isMoved(from: string, to: string): Promise<boolean> {
  try {
    await Deno.rename(from, to);
    return true;
  } catch {
    return false;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
