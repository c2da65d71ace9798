/** Real proxies, a real Redis, and the simulated Discord. */
import {
  assertNoLimit,
  assertOnce,
  longestGapMs,
  partsOf,
  simNowMs,
  stageTest,
  stream,
} from "./_stage.ts";
import assert from "node:assert/strict";
import { until } from "./_clusters.ts";

stageTest(
  "400 posts over 100 channels through three proxies meet no 429",
  3,
  async ({ sim, proxies }) => {
    const posts = Array.from(
      { length: 400 },
      (_, at) => proxies[at % 3]?.post(1000 + at % 100, `${at}`),
    );
    const statuses = await Promise.all(posts);
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    assertNoLimit(sim);
  },
);

stageTest(
  "after signal 9 to the owner the next one sends within 4 s, and no message is sent twice",
  3,
  async ({ sim, proxies, stall }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const messages = stream(door, "77");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const killedMs = simNowMs();
    owner.child.signal("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await messages.end();
    const gapMs = longestGapMs(sim, killedMs);
    assert.ok(gapMs < 4_000 + stall.allowanceMs, `${gapMs} ms`);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);

stageTest(
  "what a killed owner had promised is sent by the next one: nothing is lost, doubled, out of order or over a limit",
  3,
  async ({ sim, proxies }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const contents = Array.from({ length: 12 }, (_, at) => `${at}`);
    for (const content of contents) {
      assert.equal(
        await door.post(5, content, { prefer: "respond-async" }),
        202,
      );
    }
    const sent = () =>
      sim.requests().filter(({ executed }) => executed)
        .map(({ body }) => JSON.parse(new TextDecoder().decode(body)).content);
    // The channel's limit is five: nothing is in flight then.
    const bucketFull = 5;
    await until(() => sent().length >= bucketFull, 5_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    owner.child.signal("SIGKILL");
    await until(() => new Set(sent()).size === contents.length, 30_000);
    assert.deepEqual(sent(), contents);
    assertNoLimit(sim);
  },
);

stageTest(
  "an owner that was stopped for 8 s sends nothing when it goes on, and another one has sent meanwhile",
  3,
  async ({ sim, proxies, stall }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const [through, home] = [stream(door, "77"), stream(owner, "88")];
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const stoppedMs = simNowMs();
    owner.child.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    const gapMs = longestGapMs(sim, stoppedMs);
    owner.child.signal("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await Promise.all([through.end(), home.end()]);
    assert.ok(gapMs < 4_000 + stall.allowanceMs, `${gapMs} ms`);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);

stageTest(
  "when Redis is killed and back 6 s later nobody notices: all proxies consent that the owner goes on",
  3,
  async ({ sim, redis, proxies, stall }) => {
    const { doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const messages = stream(door, "77");
    const beganMs = simNowMs();
    await redis.kill();
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await redis.restart();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const statuses = await messages.end();
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    assert.ok(longestGapMs(sim, beganMs) < 1_000 + stall.allowanceMs);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);
