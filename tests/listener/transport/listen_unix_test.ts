import assert from "node:assert/strict";

const CLAIMS = new URL("_socket_claims.ts", import.meta.url).pathname;

// The permission to listen names one path, and these are new ones every time.
Deno.test("sockets keep every claim of _socket_claims.ts", async () => {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-prompt", "--no-check", "--allow-all", CLAIMS],
    env: { NO_COLOR: "1" },
    stderr: "null",
  }).output();
  const told = new TextDecoder().decode(stdout);
  assert.ok(success, told);
  assert.match(told, /ok \| \d+ passed \| 0 failed/);
});
