/**
 * The operators' page in Debian's Chromium. Its driver looks at places that
 * the runtime opens to nobody without all permissions, which no task of ours
 * has: so a process of its own runs it.
 */
import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";

const CHROMIUM = "/usr/bin/chromium";
const TESTS = ["in_browser.ts", "hours_in_browser.ts"]
  .map((name) => new URL(name, import.meta.url).pathname);

Deno.test({
  name:
    "in Chromium the page has nothing serious for axe, fits 390 px, goes by keyboard, stops its stream while hidden, and is flat for three quarters of an hour",
  ignore: !hasChromium(),
  async fn() {
    const { code, stdout, stderr } = await denoCommand({
      args: ["test", "--quiet", "--no-prompt", "--allow-all", ...TESTS],
    }).output();
    const decoder = new TextDecoder();
    const text = decoder.decode(stdout) + decoder.decode(stderr);
    assert.equal(code, 0, text);
    assert.match(text, /ok \| \d+ passed/);
  },
});

/** Passed over where the package is not installed. */
function hasChromium(): boolean {
  try {
    return Deno.statSync(CHROMIUM).isFile;
  } catch {
    return false;
  }
}
