import assert from "node:assert/strict";

/** The one test that takes real time: growth shows in nothing else. */
const SECONDS = "60";

Deno.test("a minute of mixed load with faults leaves memory, sockets, time and waiting calls as they were, and does nothing twice", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "soak", "--seconds", SECONDS],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.equal(code, 0, said + new TextDecoder().decode(stderr));
  assert.match(said, /^verdict: flat$/m);
});
