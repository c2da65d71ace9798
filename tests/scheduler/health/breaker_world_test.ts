import assert from "node:assert/strict";
import type { LimitReport } from "../../../rest/domain/limit_report.ts";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../../rest/scheduler/types.ts";
import {
  askOf,
  enqueueAll,
  limitedOf,
  settleAndPoll,
  START_MS,
} from "../_builders.ts";

const T = START_MS;

Deno.test("a probe without an answer lets the next one go, whatever bot that is of", () => {
  const { scheduler, probe, other } = probing();
  scheduler.settle(probe, { kind: "lost" }, T + 1_100);
  assert.deepEqual(scheduler.poll(T + 1_100).leases, [other]);
});

Deno.test("a probe that is blocked for longer than it may wait leaves a wake-up for everybody else", () => {
  const { scheduler, probe, other } = probing(30_000);
  const { verdict, wakeAtMs } = settleAndPoll(
    scheduler,
    probe,
    blockOf(T + 1_100, 29_000),
  );
  assert.deepEqual([verdict, wakeAtMs], ["done", T + 30_100]);
  assert.deepEqual(scheduler.poll(T + 30_100).leases, [other]);
});

Deno.test("ten requests blocked together are one block: the next probe goes after 60 s", () => {
  const scheduler = createScheduler();
  const asks = Array.from(
    { length: 10 },
    // Each of another route: of one that nobody has seen two would go first.
    (_, n) => askOf("GET", `/guilds/1/${"abcdefghij"[n]}`),
  );
  const ids = enqueueAll(scheduler, asks, T);
  scheduler.poll(T);
  const warnings: string[] = [];
  for (const [n, id] of ids.entries()) {
    const report = blockOf(T + 50 + n, undefined);
    scheduler.settle(id, { kind: "answered", report }, T + 50 + n);
    warnings.push(...scheduler.poll(T + 50 + n).warnings ?? []);
  }
  assert.equal(scheduler.poll(T + 60_059).leases.length, 1);
  assert.equal(warnings.length, 1);
});

/** Two bots stopped by a block of one second; the first one's request probes, the second one's waits. */
function probing(
  maxWaitMs = 240_000,
): { scheduler: Scheduler; probe: number; other: number } {
  const scheduler = createScheduler({ maxWaitMs });
  const [probe = 0] = enqueueAll(scheduler, [askOf("GET", "/users/@me")], T);
  scheduler.poll(T);
  settleAndPoll(scheduler, probe, blockOf(T, 1_000));
  const asks = [askOf("GET", "/users/@me", { identityId: "bot:2" })];
  const [other = 0] = enqueueAll(scheduler, asks, T + 200);
  scheduler.poll(T + 200);
  assert.deepEqual(scheduler.poll(T + 1_000).leases, [probe]);
  return { scheduler, probe, other };
}

function blockOf(atMs: number, retryAfterMs: number | undefined): LimitReport {
  return limitedOf(atMs, undefined, retryAfterMs, {
    rateLimited: { scope: undefined, retryAfterMs, isCloudflareBlock: true },
  });
}
