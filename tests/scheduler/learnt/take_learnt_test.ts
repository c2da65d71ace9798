import assert from "node:assert/strict";
import type { LearntState } from "../../../rest/domain/learnt_state.ts";
import type { LimitReport } from "../../../rest/domain/limit_report.ts";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  limitedOf,
  reportOf,
  START_MS,
} from "../_builders.ts";

const WALL_MS = 1_790_000_000_000;

/** Sends one request and answers it at `atMs`. */
function answer(
  scheduler: Scheduler,
  path: string,
  report: LimitReport,
): void {
  const nowMs = report.receivedAtMs;
  const ask = askOf("GET", path);
  assert.equal(scheduler.enqueue(ask, nowMs), undefined);
  scheduler.poll(nowMs);
  scheduler.settle(ask.id, { kind: "answered", report }, nowMs);
}

/** What a process knows, as the next one reads it. */
function written(scheduler: Scheduler, nowMs: number): LearntState {
  const saving = { nowMs, wallMs: WALL_MS + nowMs, isFinal: true };
  return JSON.parse(JSON.stringify(scheduler.learnt(saving)));
}

/** A process that begins `laterMs` after the other one's clock said `nowMs`. */
function successor(
  learnt: LearntState,
  { savedAtMs, laterMs }: {
    readonly savedAtMs: number;
    readonly laterMs: number;
  },
): Scheduler {
  const scheduler = createScheduler();
  const wallMs = WALL_MS + savedAtMs + laterMs;
  scheduler.takeLearnt(learnt, { nowMs: 0, wallMs });
  return scheduler;
}

Deno.test("invalid requests count for ten minutes, whichever process sent them", () => {
  const former = createScheduler();
  for (let n = 0; n < 20; n++) {
    const report = reportOf(START_MS + n * 1_000, { status: 403 });
    answer(former, `/guilds/${n}`, report);
  }
  const savedAtMs = START_MS + 20_000;
  const learnt = written(former, savedAtMs);
  const next = successor(learnt, { savedAtMs, laterMs: 5_000 });
  assert.equal(next.snapshot(0).invalid.count, 20);
  // Those of the first half are more than ten minutes old.
  assert.equal(next.snapshot(585_500).invalid.count, 10);
  assert.equal(next.snapshot(620_000).invalid.count, 0);
});

Deno.test("a block of Cloudflare's binds the next process until its end, and no longer", () => {
  const former = createScheduler();
  const report: LimitReport = {
    ...limitedOf(START_MS, undefined, 30_000),
    rateLimited: {
      scope: undefined,
      retryAfterMs: 30_000,
      isCloudflareBlock: true,
    },
  };
  answer(former, "/guilds/1", report);
  const learnt = written(former, START_MS);
  const early = successor(learnt, { savedAtMs: START_MS, laterMs: 10_000 });
  assert.equal(early.snapshot(0).breaker.state, "open");
  const late = successor(learnt, { savedAtMs: START_MS, laterMs: 31_000 });
  assert.equal(late.snapshot(0).breaker.state, "closed");
});

Deno.test("limits, intervals and kinds of hashes are known, and the hash of a route", () => {
  const former = createScheduler();
  answer(
    former,
    "/channels/1/messages",
    reportOf(START_MS, { bucket: bucketOf({ decidedAtMs: START_MS - 25 }) }),
  );
  const learnt = written(former, START_MS);
  const next = successor(learnt, { savedAtMs: START_MS, laterMs: 500 });
  const [hash] = next.snapshot(0).hashes;
  assert.deepEqual(hash, {
    hash: "hash-a",
    limit: 5,
    intervalMs: 1_000,
    kind: "unknown",
  });
});

Deno.test("a bucket that is full again by now is not taken over", () => {
  const former = createScheduler();
  const bucket = bucketOf({ decidedAtMs: START_MS - 25, remaining: 0 });
  answer(former, "/channels/1/messages", reportOf(START_MS, { bucket }));
  assert.equal(written(former, START_MS).identities[0]?.counters.length, 2);
  const later = written(former, START_MS + 2_000);
  assert.deepEqual(later.identities[0]?.counters, []);
});

Deno.test("an empty bucket stays closed for its rest, on a clock that begins anew", () => {
  const former = createScheduler();
  const bucket = bucketOf({
    decidedAtMs: START_MS - 25,
    remaining: 0,
    limit: 1,
    resetAfterMs: 5_000,
  });
  answer(former, "/channels/1/messages", reportOf(START_MS, { bucket }));
  const savedAtMs = START_MS + 10;
  const learnt = written(former, savedAtMs);
  const next = successor(learnt, { savedAtMs, laterMs: 1_000 });
  const ask = askOf("GET", "/channels/1/messages");
  assert.equal(next.enqueue(ask, 0), undefined);
  const { leases, wakeAtMs = 0 } = next.poll(0);
  assert.deepEqual(leases, []);
  assert.ok(wakeAtMs > 3_900 && wakeAtMs < 4_100, `opens at ${wakeAtMs}`);
  assert.deepEqual(next.poll(4_100).leases, [ask.id]);
});

Deno.test("what was learnt more than a day ago, or in the future, is not believed", () => {
  const former = createScheduler();
  const bucket = bucketOf({ decidedAtMs: START_MS - 25 });
  answer(former, "/channels/1/messages", reportOf(START_MS, { bucket }));
  const learnt = written(former, START_MS);
  for (const laterMs of [-60_000, 90_000_000]) {
    const next = successor(learnt, { savedAtMs: START_MS, laterMs });
    assert.deepEqual(next.snapshot(0).hashes, []);
  }
});

Deno.test("where the calendar was set meanwhile, the first answer sets the moments of buckets right", () => {
  const former = createScheduler();
  const bucket = bucketOf({
    decidedAtMs: START_MS - 25,
    remaining: 0,
    limit: 1,
    resetAfterMs: 60_000,
  });
  answer(former, "/channels/1/messages", reportOf(START_MS, { bucket }));
  const learnt = written(former, START_MS);
  const next = createScheduler();
  // The calendar was put three seconds forward.
  const wallMs = WALL_MS + START_MS + 1_000 + 3_000;
  next.takeLearnt(learnt, { nowMs: 0, wallMs });
  const ask = askOf("GET", "/channels/1/messages");
  assert.equal(next.enqueue(ask, 0), undefined);
  const before = next.poll(0).wakeAtMs ?? 0;
  const other = bucketOf({ hash: "hash-b", decidedAtMs: START_MS + 1_475 });
  answer(next, "/guilds/1", reportOf(500, { bucket: other }));
  assert.ok(before > 55_000 && before < 57_000, `opened at ${before}`);
  next.poll(500);
  assert.deepEqual(next.poll(58_900).leases, []);
  assert.deepEqual(next.poll(59_100).leases, [ask.id]);
});
