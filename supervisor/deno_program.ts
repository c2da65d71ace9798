import { createRequire, dirname, existsSync, join, process } from "./deps.ts";

const require = createRequire(import.meta.url);

/**
 * The file of the Deno that npm installed with this package. Its own `bin` is
 * not used: that one starts Deno as a child and hands no signal on. Throws one
 * sentence where there is none for this machine.
 */
export function denoProgram(): string {
  const file = process.platform === "win32" ? "deno.exe" : "deno";
  const folder = denoFolder();
  // Put there when npm ran its install script.
  const installed = join(folder, file);
  if (existsSync(installed)) return installed;
  const name = `@deno/${targetOf(process.platform, process.arch)}/package.json`;
  try {
    const packed = require.resolve(name, { paths: [folder] });
    return join(dirname(packed), file);
  } catch {
    throw new Error(
      `Cannot find Deno for ${process.platform} on ${process.arch}: npm has none for it, or was told to leave optional packages out`,
    );
  }
}

function denoFolder(): string {
  try {
    return dirname(require.resolve("deno/package.json"));
  } catch {
    throw new Error(
      "Cannot find the package deno beside this one: install this one with npm so that what it depends on comes along (a folder with --install-links)",
    );
  }
}

/** The last part of the name of Deno's package for a machine. */
function targetOf(platform: string, arch: string): string {
  return `${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`;
}
