import assert from "node:assert/strict";
import { exchangeHealth } from "../../rest/cluster/health_exchange.ts";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import type { SharedHealth } from "../../rest/domain/shared_health.ts";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import { until } from "./_clusters.ts";
import { hasRedis, startRedis } from "./_redis.ts";
import { partsOf, stageTest } from "./_stage.ts";

Deno.test({
  name:
    "invalid requests and blocks of one proxy reach the others behind its address, and no further",
  ignore: !hasRedis,
  async fn() {
    await using redis = await startRedis();
    const heard = new Map<string, SharedHealth>();
    const stops: (() => void)[] = [];
    const join = async (selfId: string, egress: string, own: SharedHealth) => {
      const deps = {
        clock: SYSTEM_CLOCK,
        redis: await redis.link(),
        selfId,
        egress,
      };
      stops.push(exchangeHealth(deps, {
        own: () => own,
        heard: (others) => void heard.set(selfId, others),
      }));
    };
    await join("a", "192.0.2.1", { invalid: 40, blockedForMs: 90_000 });
    await join("b", "192.0.2.1", { invalid: 2, blockedForMs: undefined });
    await join("c", "192.0.2.2", { invalid: 0, blockedForMs: undefined });
    await until(() => heard.get("b")?.invalid === 40, 6_000);
    await until(() => heard.get("a")?.invalid === 2, 6_000);
    await until(() => heard.has("c"), 6_000);
    for (const stop of stops) stop();
    const blockedForMs = heard.get("b")?.blockedForMs ?? 0;
    assert.ok(blockedForMs > 80_000 && blockedForMs <= 90_000);
    assert.equal(heard.get("a")?.blockedForMs, undefined);
    assert.deepEqual(heard.get("c"), { invalid: 0, blockedForMs: undefined });
  },
});

Deno.test("what others have used up of the budget is not there any more, and their block is ours", () => {
  const scheduler = createScheduler({ invalidCeiling: 100 });
  scheduler.heard({ invalid: 100, blockedForMs: undefined }, 0);
  assert.equal(scheduler.snapshot(0).invalid.count, 100);
  assert.equal(scheduler.health(0).invalid, 0);
  scheduler.heard({ invalid: 0, blockedForMs: 60_000 }, 1_000);
  const { breaker, invalid } = scheduler.snapshot(1_000);
  assert.equal(invalid.count, 0);
  assert.deepEqual(breaker, { state: "open", untilMs: 61_000 });
});

stageTest(
  "what one proxy is refused by Discord counts against the budget of every other one behind its address, also when it is gone",
  2,
  async ({ sim, proxies }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const body = '{"message":"Missing Access","code":50001}';
    const fault = { kind: "answer", status: 403, body } as const;
    sim.script({ fault, times: REFUSED });
    const statuses = await Promise.all(
      Array.from({ length: REFUSED }, (_, at) => owner.post(50 + at, "no")),
    );
    assert.deepEqual(statuses, Array(REFUSED).fill(403));
    const counted = async () =>
      /^sluice_invalid_requests (\d+)$/m.exec(await door.figures())?.[1];
    while (await counted() !== `${REFUSED}`) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    owner.child.signal("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    assert.equal(await counted(), `${REFUSED}`);
  },
);

const REFUSED = 7;
