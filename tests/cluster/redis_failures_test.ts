/** Redis fails real proxies in every way; judged by what the simulated Discord got. */
import assert from "node:assert/strict";
import { scopeOfIdentity } from "../../rest/cluster/ownership/scopes.ts";
import {
  assertNoLimit,
  assertOnce,
  crowd,
  HOT_CHANNEL,
  longestGapMs,
  partsOf,
  simNowMs,
  stageTest,
} from "./_stage.ts";

/** The bot of all these proxies. */
const SCOPE = scopeOfIdentity("bot:123456789012345678");

function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How a Redis stands still. */
const PAUSES = [
  ["paused", 2_000],
  ["stopped", 10_000],
  ["paused", 10_000],
  ["stopped", 2_000],
] as const;

stageTest(
  "a Redis that is paused or stopped for 2 s and for 10 s costs no caller anything: one proxy sends all the time",
  3,
  async ({ sim, redis, proxies, stall }) => {
    const link = await redis.link();
    const callers = crowd(proxies);
    const beganMs = simNowMs();
    for (const [how, ms] of PAUSES) {
      if (how === "paused") await link.call(["CLIENT", "PAUSE", `${ms}`]);
      else redis.signal("SIGSTOP");
      await waitMs(ms);
      if (how === "stopped") redis.signal("SIGCONT");
      await waitMs(1_500);
    }
    const statuses = await callers.end();
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    const gapMs = longestGapMs(sim, beganMs);
    assert.ok(gapMs < 1_000 + stall.allowanceMs, `${gapMs} ms`);
    assertOnce(sim);
    assertNoLimit(sim);
  },
  HOT_CHANNEL,
);

stageTest(
  "a Redis that is emptied right after a proxy has taken over gives the bot to no second one",
  3,
  async ({ sim, redis, proxies }) => {
    const { owner, doors } = await partsOf(proxies);
    const link = await redis.link();
    const record = async () =>
      String(await link.call(["HGET", "{sluice}:owners", SCOPE]));
    const ownerIn = (text: string) => text.split(" ")[0];
    const callers = crowd(doors);
    await waitMs(500);
    const before = ownerIn(await record());
    owner.child.signal("SIGKILL");
    while ([before, "-"].includes(ownerIn(await record()))) await waitMs(5);
    await link.call(["FLUSHALL"]);
    const emptiedMs = simNowMs();
    await waitMs(8_000);
    // What was promised goes on, too.
    const [door] = doors;
    const promised = { "idempotency-key": "after all was lost" };
    assert.equal(await door?.post(10, "promised", promised), 200);
    await callers.end();
    assert.ok(longestGapMs(sim, emptiedMs) < 4_000);
    assertOnce(sim);
    assertNoLimit(sim);
  },
  HOT_CHANNEL,
);

stageTest(
  "an owner that is cut off from Redis alone stops before another one sends in its place, and its callers lose nothing",
  3,
  async ({ sim, proxies, relays, stall }) => {
    const { owner, doors } = await partsOf(proxies);
    const relay = relays[proxies.indexOf(owner)];
    const callers = crowd(proxies);
    await waitMs(500);
    const cutMs = simNowMs();
    relay?.cut();
    await waitMs(6_000);
    // On a busy machine the others may find Redis late as well, and consent.
    while (!doors.includes((await partsOf(proxies)).owner)) await waitMs(100);
    const gapMs = longestGapMs(sim, cutMs);
    relay?.mend();
    await waitMs(3_000);
    const statuses = await callers.end();
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    // A lease, for the owner's last beat may have been lost, and once more until the others are sure.
    assert.ok(gapMs < 6_000 + stall.allowanceMs, `${gapMs} ms`);
    assertOnce(sim);
    assertNoLimit(sim);
  },
  HOT_CHANNEL,
);
