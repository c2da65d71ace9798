import { denoCommand } from "./deno_child.ts";

const ROOT = new URL("../", import.meta.url);

/** A module of the project and all that it imports as one file. The bundler is a package of the runtime's own, got from the registry once. */
export async function bundle(
  entry: string,
  flags: readonly string[],
): Promise<string> {
  const { success, stdout, stderr } = await denoCommand({
    args: ["bundle", "--quiet", ...flags, entry],
    cwd: ROOT,
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return decoder.decode(stdout);
}
