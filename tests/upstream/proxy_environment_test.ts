import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import { type RawServer, rawServerOf, replying } from "./_raw_server.ts";

const PROGRAM = new URL("./_send_one.ts", import.meta.url).pathname;

/** All that undici, and `ws` beside it, ask of the environment; a narrower `--allow-env` stops them. */
const ENV_NAMES =
  "UNDICI_NO_WASM_SIMD,UNDICI_USE_MILO,JEST_WORKER_ID,WS_NO_BUFFER_UTIL";

/** Sends one request in a process of its own and returns what that printed. */
async function sendElsewhere(
  server: RawServer,
  { allow, env }: { allow: string[]; env: Record<string, string> },
): Promise<string> {
  const command = denoCommand({
    args: ["run", "--no-prompt", "--quiet", "--cached-only"]
      .concat(`--allow-read=${new URL("../", import.meta.url).pathname}`)
      .concat(allow, PROGRAM, server.url),
    env,
  });
  const { stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

for (const over of ["TCP", "TLS"] as const) {
  Deno.test(`proxy variables of the environment divert nothing (${over})`, async () => {
    const diversion = await rawServerOf(replying(200));
    const server = await rawServerOf(replying(204), { isTls: over === "TLS" });
    const proxy = `http://127.0.0.1:${diversion.port}`;
    const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    const env = Object.fromEntries(
      names.flatMap((name) => [[name, proxy], [name.toLowerCase(), proxy]]),
    );
    try {
      const printed = await sendElsewhere(server, {
        allow: ["--allow-env", "--allow-net"],
        env: { ...env, NO_PROXY: "", no_proxy: "" },
      });
      assert.equal(printed, "204\n");
      assert.equal(server.requests.length, 1);
      assert.equal(diversion.opened, 0);
    } finally {
      await server.close();
      await diversion.close();
    }
  });

  Deno.test(`four names of the environment and one address are all it takes (${over})`, async () => {
    const server = await rawServerOf(replying(204), { isTls: over === "TLS" });
    try {
      const { host } = new URL(server.url);
      const printed = await sendElsewhere(server, {
        allow: [`--allow-env=${ENV_NAMES}`, `--allow-net=${host}`],
        env: {},
      });
      assert.equal(printed, "204\n");
    } finally {
      await server.close();
    }
  });
}
