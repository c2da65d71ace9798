import { denoCommand } from "./deno_child.ts";

const ROOT = new URL("../", import.meta.url);

/** A package that a module of the project imports, or that such a package needs. */
export interface PackageInfo {
  readonly name: string;
  readonly version: string;
  /** As `<name>@<version>`. */
  readonly dependencies: readonly string[];
  /** Its folder in Deno's cache. */
  readonly localPath: string;
}

/** What the modules load from npm, by name; downloads what is not there. */
export async function packagesOf(
  entries: readonly string[],
): Promise<readonly PackageInfo[]> {
  const packages = new Map<string, PackageInfo>();
  for (const entry of entries) {
    const { success, stdout, stderr } = await denoCommand({
      args: ["info", "--json", entry],
      cwd: ROOT,
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(decoder.decode(stderr));
    const { modules, npmPackages } = JSON.parse(decoder.decode(stdout));
    // It lists all that the lock file has, whoever imports it.
    const walk = (id: string) => {
      const info: PackageInfo = npmPackages[id];
      if (packages.has(id)) return;
      packages.set(id, info);
      info.dependencies.forEach(walk);
    };
    for (const { npmPackage } of modules) {
      if (npmPackage !== undefined) walk(npmPackage);
    }
  }
  return [...packages.values()].sort((one, other) =>
    one.name < other.name ? -1 : 1
  );
}

/** What a package says of itself. */
export async function manifestOf(
  { localPath }: PackageInfo,
): Promise<{ readonly license?: string }> {
  return JSON.parse(await Deno.readTextFile(`${localPath}/package.json`));
}
