import assert from "node:assert/strict";
import { KEY } from "./_held_upstream.ts";
import { startChild } from "./child.ts";

Deno.test("a port of its own serves the figures without a key, and nothing else", async () => {
  await using child = await startChild({
    env: { REST_AUTHORIZATION: KEY, REST_PORT: "0", REST_METRICS_PORT: "0" },
  });
  const [, figures = ""] = await child.seen(/Figures at (http:[^"\s]+)/);
  const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const response = await fetch(figures);
  assert.equal(response.status, 200);
  assert.match(await response.text(), /^sluice_build_info\{version="/m);
  for (
    const [url, method, status] of [
      [figures.replace("/metrics", "/users/@me"), "GET", 404],
      [figures, "POST", 405],
      [`${address}/metrics`, "GET", 401],
    ] as const
  ) {
    const refused = await fetch(url, { method });
    assert.equal(refused.status, status, url);
    await refused.body?.cancel();
  }
  child.signal("SIGTERM");
  assert.equal((await child.ended()).code, 0);
});
