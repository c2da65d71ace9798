import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";

/** Growth shows in nothing but real time. */
const SECONDS = "60";

// Other things may go on beside it, so no trend is judged here: what is held to
// is what no slowness excuses. `deno task soak` judges ten minutes of trends.
Deno.test("a minute of mixed load with faults leaves no memory, timers, files and calls behind, meets no 429 and does nothing twice", async () => {
  const { code, stdout, stderr } = await denoCommand({
    args: ["task", "--quiet", "soak", "--seconds", SECONDS, "--trends", "0"],
    cwd: new URL("../../", import.meta.url),
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.equal(code, 0, said + new TextDecoder().decode(stderr));
  assert.match(said, /^verdict: flat$/m);
});
