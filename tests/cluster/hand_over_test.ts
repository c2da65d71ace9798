/** What callers and Discord see of a hand-over between real proxies. */
import assert from "node:assert/strict";
import { until } from "./_clusters.ts";
import { settled, startProxyProcess } from "./_processes.ts";
import {
  assertNoLimit,
  assertOnce,
  longestGapMs,
  partsOf,
  simNowMs,
  stageTest,
  stream,
} from "./_stage.ts";

stageTest(
  "three proxies that end with SIGTERM one after the other cost no caller anything, and Discord hears from the bot again within 0.5 s",
  3,
  async ({ sim, redis, proxies, stall }) => {
    const door = await startProxyProcess(redis, sim.url);
    await using _ended = door.child;
    await settled([...proxies, door]);
    const messages = stream(door, "77");
    const beganMs = simNowMs();
    for (const { child } of proxies) {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      child.signal("SIGTERM");
    }
    for (const { child } of proxies) await child.ended();
    const statuses = await messages.end();
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    const gapMs = longestGapMs(sim, beganMs);
    assert.ok(gapMs < 500 + stall.allowanceMs, `${gapMs} ms`);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);

stageTest(
  "the next owner knows what the one before has used: a full channel and a full second at a SIGTERM earn no 429",
  3,
  async ({ sim, proxies }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    // Five go at once, and the channel is empty; fifty of the others, and so is the second.
    const posts = Array.from(
      { length: 100 },
      (_, at) => door.post(at < 10 ? 5 : 1_000 + at, `${at}`),
    );
    await until(() => sim.requests().length >= 45, 20_000);
    owner.child.signal("SIGTERM");
    const statuses = await Promise.all(posts);
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  stageTest(
    `a message that was made and denied until its owner gave up is one message, though its library sends it again after ${signal} to that owner`,
    2,
    async ({ sim, proxies }) => {
      const { owner, doors: [door] } = await partsOf(proxies);
      assert.ok(door !== undefined);
      const fault = { kind: "status", status: 502, isExecuted: true } as const;
      const proxySends = 4;
      sim.script({ fault, times: proxySends });
      assert.equal(await door.post(5, "ok"), 502);
      // What stands in Redis of the first is there when the second is sent.
      assert.equal(await door.post(6, "another"), 200);
      owner.child.signal(signal);
      await owner.child.ended();
      assert.equal(await door.post(5, "ok"), 200);
      assert.equal(sim.audit.report().executed, 2);
    },
    {},
    { REST_MESSAGE_NONCE: "add", REST_JOURNAL_WRITES: "all" },
  );
}
