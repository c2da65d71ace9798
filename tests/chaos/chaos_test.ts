/** Real processes: the proxy, the simulated Discord, and bots that are killed. */
import assert from "node:assert/strict";
import { replayOf, runChaos } from "../../tools/chaos/run_chaos.ts";

Deno.test("chaos: 20 bots x 250 messages, killed with signal 9 and cut off at random: every message once and in order, every reply seen (seed 1)", async () => {
  const { problems, kills, cuts, missed } = await runChaos({
    seed: 1,
    bots: 20,
    messages: 250,
  });
  assert.deepEqual(problems, [], `replay: ${replayOf(1, "sim")}`);
  assert.ok(kills >= 20);
  assert.ok(missed > 0, "no reply came after its asker's death");
  for (const [way, count] of Object.entries(cuts)) {
    assert.ok(count > 0, `no socket was cut by ${way}`);
  }
});

Deno.test("chaos: bots that name their requests anew in every life send messages twice, and the auditor says so", async () => {
  const { problems } = await runChaos({
    seed: 1,
    bots: 4,
    messages: 200,
    areForgetful: true,
  });
  assert.match(problems.join("\n"), /messages Discord got twice/);
});
