import assert from "node:assert/strict";
import { ClockOffsetEstimator } from "../../../rest/scheduler/limits/clock_offset_estimator.ts";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  reportOf,
  settleAndPoll,
  START_MS,
} from "../_builders.ts";

const T = START_MS;
const HOUR_MS = 3_600_000;
const WAY_MS = 50;

for (const stepMs of [-HOUR_MS, HOUR_MS]) {
  Deno.test(`a bucket spent when Discord's clock is set by ${stepMs} ms is open again when its time is over, and not before`, () => {
    const scheduler = createScheduler();
    // Both tokens of the first channel go; the third read waits for their window.
    const [first = 0, second = 0, third] = readsOf(scheduler, 1, 3, T);
    scheduler.poll(T);
    answer(scheduler, first, T + 50, { remaining: 1, n: 1 });
    answer(scheduler, second, T + 100, { remaining: 0, n: 1 });
    const others = readsOf(scheduler, 2, 4, T + 200);
    scheduler.poll(T + 200);
    let nowMs = T + 300;
    for (const id of others) {
      answer(scheduler, id, nowMs, { remaining: 1, n: 2, stepMs });
      nowMs += 100;
    }
    assert.deepEqual(scheduler.poll(T + 4_900).leases, []);
    assert.deepEqual(scheduler.poll(T + 5_200).leases, [third]);
  });
}

for (const stepMs of [-HOUR_MS, HOUR_MS]) {
  Deno.test(`what comes after Discord's clock was set by ${stepMs} ms does not arrive before its bucket is open`, () => {
    const way = new SteadyWay();
    // Long enough for the way in to be known well.
    for (let n = 0; n < 15; n++) way.read(3, 1, way.nowMs + 950);
    const opensAtMs = way.nowMs + 6_000;
    way.read(1, 1, opensAtMs);
    way.read(1, 0, opensAtMs);
    way.stepMs = stepMs;
    way.read([4, 5, 6], 1, way.nowMs + 950);
    for (let n = 0; n < 4; n++) way.read(3, 1, way.nowMs + 950);
    const arrivesAtMs = way.whenFree(1);
    assert.ok(arrivesAtMs >= opensAtMs, `${opensAtMs - arrivesAtMs} ms early`);
    assert.ok(arrivesAtMs <= opensAtMs + 10, "long after");
  });
}

Deno.test("ClockOffsetEstimator does not date an arrival by headers it does not believe", () => {
  const clock = new ClockOffsetEstimator();
  for (let n = 0; n < 5; n++) {
    const bucket = bucketOf({ decidedAtMs: n + 25 });
    clock.learn(reportOf(n + 50, { sentAtMs: n, bucket }));
  }
  const bucket = bucketOf({ decidedAtMs: 100 - HOUR_MS });
  const lying = reportOf(1_000, { sentAtMs: 100, bucket });
  assert.ok(!clock.learn(lying));
  assert.equal(clock.sentAsIfAtMs(lying), undefined);
});

/** A scheduler whose requests take 50 ms either way, one round after the other. */
class SteadyWay {
  readonly #scheduler = createScheduler();
  nowMs = T;
  /** How far Discord's clock was set. */
  stepMs = 0;

  /** Reads one or several channels at once; each bucket has two tokens, so many left until then. */
  read(channel: number | number[], remaining: number, opensAtMs: number): void {
    const channels = [channel].flat();
    const ids = channels.flatMap((one) => this.#ask(one));
    assert.deepEqual(this.#scheduler.poll(this.nowMs).leases, ids);
    const sentAtMs = this.nowMs;
    const decidedAtMs = sentAtMs + WAY_MS;
    this.nowMs += 2 * WAY_MS;
    const resetAfterMs = opensAtMs - decidedAtMs;
    const seen = bucketOf({ decidedAtMs, limit: 2, remaining, resetAfterMs });
    const resetAtServerMs = seen.resetAtServerMs + this.stepMs;
    for (const [index, id] of ids.entries()) {
      const hash = `hash-${channels[index]}`;
      const bucket = { ...seen, hash, resetAtServerMs };
      const report = reportOf(this.nowMs, { sentAtMs, bucket });
      settleAndPoll(this.#scheduler, id, report);
    }
    this.nowMs += 300;
  }

  /** When a read of that channel arrives that is asked for now. */
  whenFree(channel: number): number {
    const [id = 0] = this.#ask(channel);
    const giveUpAtMs = this.nowMs + 60_000;
    while (this.nowMs < giveUpAtMs) {
      const { leases } = this.#scheduler.poll(this.nowMs);
      if (leases.includes(id)) return this.nowMs + WAY_MS;
      this.nowMs++;
    }
    return Infinity;
  }

  #ask(channel: number): number[] {
    return readsOf(this.#scheduler, channel, 1, this.nowMs);
  }
}

/** Enqueues `count` reads of the `n`th route, which has a bucket of its own. */
function readsOf(
  scheduler: Scheduler,
  n: number,
  count: number,
  atMs: number,
): number[] {
  const path = `/channels/200000000000000001/${"abcdefgh"[n]}`;
  const asks = Array.from({ length: count }, () => askOf("GET", path));
  return enqueueAll(scheduler, asks, atMs);
}

/** Of a bucket of two in five seconds, on a clock set by `stepMs`. */
function answer(
  scheduler: Scheduler,
  id: number,
  atMs: number,
  { remaining, n, stepMs = 0 }: {
    remaining: number;
    n: number;
    stepMs?: number;
  },
): void {
  const decidedAtMs = atMs - 25;
  const resetAfterMs = T + 5_000 - decidedAtMs;
  const seen = bucketOf({ decidedAtMs, limit: 2, remaining, resetAfterMs });
  const bucket = {
    ...seen,
    hash: `hash-${n}`,
    resetAtServerMs: seen.resetAtServerMs + stepMs,
  };
  settleAndPoll(scheduler, id, reportOf(atMs, { bucket }));
}
