import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "../_builders.ts";

const T = START_MS;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const CHANNEL = "/channels/200000000000000001";
const OTHER = "/channels/200000000000000002";

Deno.test("a global lock of a week is probed after a minute", () => {
  const { scheduler, id } = sent();
  const lock = limitedOf(T + 50, "global", WEEK_MS);
  assert.equal(settleAndPoll(scheduler, id, lock).verdict, "again");
  assert.deepEqual(scheduler.poll(T + 60_049).leases, []);
  assert.deepEqual(scheduler.poll(T + 60_050).leases, [id]);
});

Deno.test("a bucket's 429 of a week is probed after a day", () => {
  const { scheduler, id } = sent({ maxWaitMs: 2 * WEEK_MS });
  settleAndPoll(scheduler, id, limitedOf(T + 50, "user", WEEK_MS));
  assert.deepEqual(scheduler.poll(T + DAY_MS).leases, []);
  assert.deepEqual(scheduler.poll(T + 50 + DAY_MS).leases, [id]);
});

Deno.test("a success that names a week closes its own line until its next answer, and no other", () => {
  const { scheduler, id } = sent({ maxWaitMs: 2 * WEEK_MS });
  const bucket = bucketOf({
    decidedAtMs: T + 25,
    limit: 5,
    remaining: 0,
    resetAfterMs: WEEK_MS,
  });
  settleAndPoll(scheduler, id, reportOf(T + 50, { bucket }));
  const [same = 0] = enqueueAll(scheduler, [read(CHANNEL)], T + 60);
  const [other = 0] = enqueueAll(scheduler, [read(OTHER)], T + 60);
  assert.deepEqual(scheduler.poll(T + 60).leases, [other]);
  const fine = bucketOf({ decidedAtMs: T + 85 });
  settleAndPoll(scheduler, other, reportOf(T + 110, { bucket: fine }));
  // One asks after a day; its answer, with sound numbers, opens the line again.
  const laterMs = T + 50 + DAY_MS;
  assert.deepEqual(scheduler.poll(laterMs).leases, [same]);
  const sound = bucketOf({ decidedAtMs: laterMs + 25 });
  settleAndPoll(scheduler, same, reportOf(laterMs + 50, { bucket: sound }));
  const next = enqueueAll(scheduler, [read(CHANNEL)], laterMs + 60);
  assert.deepEqual(scheduler.poll(laterMs + 60).leases, next);
});

Deno.test("what is refused in a lock is told when asking again is worth while", () => {
  const { scheduler, id } = sent();
  settleAndPoll(scheduler, id, limitedOf(T + 50, "global", 50_000));
  const hurried = askOf("GET", OTHER, { deadlineAtMs: T + 5_000 });
  enqueueAll(scheduler, [hurried], T + 60);
  const { refused } = scheduler.poll(T + 5_000);
  assert.equal(refused[0]?.refused.code, "deadline");
  assert.equal(refused[0]?.refused.retryAfterMs, 45_050);
});

Deno.test("what is refused in Cloudflare's ban is told when asking again is worth while", () => {
  const { scheduler, id } = sent();
  const ban = limitedOf(T + 50, undefined, undefined, {
    rateLimited: {
      scope: undefined,
      retryAfterMs: undefined,
      isCloudflareBlock: true,
    },
  });
  settleAndPoll(scheduler, id, ban);
  const hurried = askOf("GET", OTHER, { deadlineAtMs: T + 5_000 });
  enqueueAll(scheduler, [hurried], T + 60);
  const { refused } = scheduler.poll(T + 5_000);
  assert.equal(refused[0]?.refused.retryAfterMs, 55_050);
});

function read(channel: string): ReturnType<typeof askOf> {
  return askOf("GET", `${channel}/messages`);
}

function sent(
  options: Parameters<typeof createScheduler>[0] = {},
): { scheduler: Scheduler; id: number } {
  const scheduler = createScheduler(options);
  const [id = 0] = enqueueAll(scheduler, [read(CHANNEL)], T);
  scheduler.poll(T);
  return { scheduler, id };
}
