import assert from "node:assert/strict";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  reportOf,
  settleAndPoll,
  START_MS,
} from "./_builders.ts";

const T = START_MS;
const CHANNEL = "/channels/200000000000000001";

Deno.test("a token that comes back in no time does not stop its line", () => {
  const scheduler = createScheduler();
  const reads = [1, 2].map(() => askOf("GET", `${CHANNEL}/messages`));
  const [first = 0, second] = enqueueAll(scheduler, reads, T);
  scheduler.poll(T);
  const bucket = bucketOf({
    decidedAtMs: T + 25,
    limit: 1,
    remaining: 0,
    resetAfterMs: 0,
  });
  settleAndPoll(scheduler, first, reportOf(T + 50, { bucket }));
  // The headers tell whole milliseconds: it may be one later.
  assert.deepEqual(scheduler.poll(T + 51).leases, [second]);
});

Deno.test("a route whose bucket cannot be read is not taken for one without limits", () => {
  const scheduler = createScheduler();
  const reads = [1, 2, 3].map(() => askOf("GET", `${CHANNEL}/messages`));
  const [first = 0, second] = enqueueAll(scheduler, reads, T);
  scheduler.poll(T);
  const report = reportOf(T + 50, { isBucketGarbled: true });
  assert.deepEqual(settleAndPoll(scheduler, first, report).leases, [second]);
});
