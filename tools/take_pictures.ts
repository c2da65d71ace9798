/**
 * `deno task pictures`: takes the pictures of docs/ anew. The browser's driver
 * looks at places that the runtime opens to nobody without all permissions, so
 * a process of its own runs it.
 */
import { denoCommand } from "./deno_child.ts";

const PROGRAM = new URL("../tests/page/take_pictures.ts", import.meta.url);

if (import.meta.main) {
  const { code } = await denoCommand({
    args: ["run", "--no-prompt", "--allow-all", PROGRAM.pathname],
  }).spawn().status;
  Deno.exit(code);
}
