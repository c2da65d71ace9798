import assert from "node:assert/strict";
import { ArrivalClock } from "../../rest/scheduler/arrival_clock.ts";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  reportOf,
  settleAndPoll,
  START_MS,
} from "./_builders.ts";

const T = START_MS;
const HOUR_MS = 3_600_000;

for (const stepMs of [-HOUR_MS, HOUR_MS]) {
  Deno.test(`a bucket spent when Discord's clock is set by ${stepMs} ms is open again when its time is over, and not before`, () => {
    const scheduler = createScheduler();
    // Both tokens of the first channel go; the third read waits for their window.
    const [first = 0, second = 0, third] = readsOf(scheduler, 1, 3, T);
    scheduler.poll(T);
    answer(scheduler, first, T + 50, 1, 0);
    answer(scheduler, second, T + 100, 0, 0);
    const others = readsOf(scheduler, 2, 4, T + 200);
    scheduler.poll(T + 200);
    let nowMs = T + 300;
    for (const id of others) {
      answer(scheduler, id, nowMs, 1, stepMs);
      nowMs += 100;
    }
    assert.deepEqual(scheduler.poll(T + 4_900).leases, []);
    assert.deepEqual(scheduler.poll(T + 5_200).leases, [third]);
  });
}

Deno.test("ArrivalClock does not date an arrival by headers it does not believe", () => {
  const clock = new ArrivalClock();
  for (let n = 0; n < 5; n++) {
    const bucket = bucketOf({ decidedAtMs: n + 25 });
    clock.learn(reportOf(n + 50, { sentAtMs: n, bucket }));
  }
  const bucket = bucketOf({ decidedAtMs: 100 - HOUR_MS });
  const lying = reportOf(1_000, { sentAtMs: 100, bucket });
  assert.ok(!clock.learn(lying));
  assert.equal(clock.sentAsIfAtMs(lying), undefined);
});

/** Enqueues `count` reads of the `n`th channel. */
function readsOf(
  scheduler: Scheduler,
  n: number,
  count: number,
  atMs: number,
): number[] {
  const path = `/channels/20000000000000000${n}/messages`;
  const asks = Array.from({ length: count }, () => askOf("GET", path));
  return enqueueAll(scheduler, asks, atMs);
}

/** Of a bucket of two in five seconds, on a clock set by `stepMs`. */
function answer(
  scheduler: Scheduler,
  id: number,
  atMs: number,
  remaining: number,
  stepMs: number,
): void {
  const decidedAtMs = atMs - 25;
  const resetAfterMs = T + 5_000 - decidedAtMs;
  const seen = bucketOf({ decidedAtMs, limit: 2, remaining, resetAfterMs });
  const bucket = { ...seen, resetAtServerMs: seen.resetAtServerMs + stepMs };
  settleAndPoll(scheduler, id, reportOf(atMs, { bucket }));
}
