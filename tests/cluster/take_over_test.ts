/** A killed owner whose answers of a whole day are kept: real proxies, a real Redis, and the simulated Discord. */
import assert from "node:assert/strict";
import { Secret } from "../../rest/domain/secret.ts";
import { until } from "./_clusters.ts";
import { keepAnswers } from "./_kept_rows.ts";
import { PEER_KEY } from "./_processes.ts";
import {
  assertNoLimit,
  assertOnce,
  HOT_CHANNEL,
  partsOf,
  simNowMs,
  stageTest,
} from "./_stage.ts";

const KEPT = 60_000;
const CHANNEL = 9;

stageTest(
  "60,000 kept answers of a killed owner do not hold up what waits, which leaves within 4 s in its order, and what was answered under a key is not done again",
  2,
  async ({ sim, redis, proxies, stall }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const ask = () => door.post(77, "once", { "idempotency-key": "order-1" });
    assert.equal(await ask(), 200);
    await keepAnswers(await redis.link(), {
      count: KEPT,
      identityId: "bot:123456789012345678",
      peerKey: new Secret(PEER_KEY),
    });
    const contents = Array.from({ length: 20 }, (_, at) => `${at}`);
    for (const content of contents) {
      const async = { prefer: "respond-async" };
      assert.equal(await door.post(CHANNEL, content, async), 202);
    }
    const sent = () =>
      sim.requests()
        .filter(({ executed, target }) =>
          executed && target.includes(`/channels/${CHANNEL}/`)
        );
    const told = () =>
      sent().map(({ body }) =>
        JSON.parse(new TextDecoder().decode(body)).content
      );
    // The channel's limit is five: nothing is in flight then.
    await until(() => sent().length >= 5, 5_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const killedMs = simNowMs();
    const before = sent().length;
    owner.child.signal("SIGKILL");
    const again = ask();
    await until(() => sent().length > before, 30_000);
    const gapMs = (sent()[before]?.receivedAtMs ?? Infinity) - killedMs;
    assert.ok(gapMs < 4_000 + stall.allowanceMs, `${gapMs} ms`);
    assert.equal(await again, 200);
    await until(() => sent().length === contents.length, 30_000);
    assert.deepEqual(told(), contents);
    assertOnce(sim);
    assertNoLimit(sim);
  },
  HOT_CHANNEL,
);
