import assert from "node:assert/strict";

/** Growth shows in nothing but real time. */
const SECONDS = "60";

// It judges what a machine does over a minute, so it wants one that does
// nothing else: `SOAK=1 deno task test:rest`, or `deno task soak` for ten.
const ignore = Deno.env.get("SOAK") === undefined;

Deno.test({
  name:
    "a minute of mixed load with faults leaves memory, sockets, time and waiting calls as they were, and does nothing twice",
  ignore,
  async fn() {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "soak", "--seconds", SECONDS],
      cwd: new URL("../../", import.meta.url),
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert.equal(code, 0, said + new TextDecoder().decode(stderr));
    assert.match(said, /^verdict: flat$/m);
  },
});
