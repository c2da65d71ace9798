import assert from "node:assert/strict";
import { denoCommand } from "../../../tools/deno_child.ts";

const CLAIMS = new URL("../_socket_claims.ts", import.meta.url).pathname;

// The permission to listen names one path, and these are new ones every time.
Deno.test("sockets keep every claim of _socket_claims.ts", async () => {
  const { success, stdout } = await denoCommand({
    args: ["test", "--no-prompt", "--no-check", "--allow-all", CLAIMS],
    stderr: "null",
  }).output();
  const told = new TextDecoder().decode(stdout);
  assert.ok(success, told);
  assert.match(told, /ok \| \d+ passed \| 0 failed/);
});
