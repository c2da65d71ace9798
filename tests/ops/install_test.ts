import assert from "node:assert/strict";
import { buildSluice, startFlags } from "../../tools/build_sluice.ts";
import { denoCommand } from "../../tools/deno_child.ts";
import { reachesRegistry } from "../_registry.ts";
import { assertListensAndEnds } from "./_listens_and_ends.ts";

const ROOT = new URL("../../", import.meta.url);
const KEY = "key-of-the-install-test";

/** The line of docs/deploying.md, in its words; quotes are the shell's. */
function installWords(): string[] {
  const page = Deno.readTextFileSync(new URL("docs/deploying.md", ROOT));
  const [, line = ""] = /^deno (install (?:.*\\\n)*.*)$/m.exec(page) ?? [];
  return line.replaceAll("'", "").split(/[\s\\]+/);
}

Deno.test("the line that installs Sluice for Deno gives it the flags of the npm package", () => {
  assert.deepEqual(installWords(), [
    ...["install", "--global", "--name", "sluice"],
    ...startFlags(),
    "dist/npm/sluice/rest.js",
  ]);
});

Deno.test({
  name: "what that line installs starts by its name, in any folder",
  ignore: Deno.build.os === "windows" || !reachesRegistry(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await buildSluice(new URL(`file://${folder}/dist/npm/sluice/`));
      const { success, stderr } = await denoCommand({
        args: installWords(),
        cwd: folder,
        env: { DENO_INSTALL_ROOT: folder },
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const child = new Deno.Command(`${folder}/bin/sluice`, {
        cwd: folder,
        env: {
          DENO_NO_UPDATE_CHECK: "1",
          REST_PORT: "0",
          REST_AUTHORIZATION: KEY,
        },
        stdout: "piped",
      }).spawn();
      await assertListensAndEnds(child);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
