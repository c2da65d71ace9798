/** Real processes: proxies, Redis, and callers whose doors and owners die. */
import assert from "node:assert/strict";
import { runClusterChaos } from "../../tools/chaos/cluster/run_cluster.ts";
import { verdictOn } from "../../tools/chaos/cluster/verdict.ts";
import { redisServerPath } from "../../tools/cluster/redis_server.ts";
import { startSim } from "../../sim/server.ts";

const redis = redisServerPath();

Deno.test({
  name:
    "chaos: three proxies, one killed with signal 9 and one replaced under load: no message lost, doubled or overtaken, no 429, no call failed",
  ignore: redis === undefined,
  fn: async () => {
    const { problems, unknown, disturbances } = await runClusterChaos({
      seed: 1,
      bots: 6,
      messages: 500,
      proxies: 3,
      disturbances: ["kill", "term"],
      redis: redis ?? "",
    });
    assert.deepEqual(problems, []);
    assert.equal(disturbances, 2);
    // Only who was in the middle of a call to the proxy that was killed.
    const told = Object.values(unknown).reduce((sum, count) => sum + count, 0);
    assert.ok(told <= 12, JSON.stringify(unknown));
  },
});

Deno.test("the judge of a cluster's chaos sees what is lost, doubled, overtaken and over a limit", async () => {
  await using sim = await startSim({
    globalLimit: { limit: 4 },
    keepBodyBytes: 200,
  });
  for (const content of ["c0-1", "c0-0", "c1-0", "c1-0", "c9-9"]) {
    const response = await fetch(`${sim.url}/v10/channels/1/messages`, {
      method: "POST",
      headers: {
        authorization: "Bot MTIz.x.y",
        "content-type": "application/json",
      },
      body: JSON.stringify({ content }),
    });
    await response.body?.cancel();
  }
  const told = ["c0-1", "c2-0"].map((content) => ({
    content,
    as: "sent" as const,
    tookMs: 1,
    atMs: 1,
  }));
  const evidence = { told, moments: [], faults: [], requests: sim.requests() };
  const { problems, limited } = verdictOn(evidence);
  assert.equal(limited, 1);
  assert.match(problems.join("\n"), /1 messages were told as sent/);
  assert.match(problems.join("\n"), /1 messages were made twice/);
  assert.match(problems.join("\n"), /1 messages of a channel overtook/);
});
