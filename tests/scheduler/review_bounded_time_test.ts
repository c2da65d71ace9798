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

Deno.test("a request whose turn came between its arrival and the next poll is refused in time all the same", () => {
  const scheduler = createScheduler({ maxWaitMs: 5_000 });
  const post = () => askOf("POST", `${CHANNEL}/messages`);
  const [first = 0] = enqueueAll(scheduler, [post()], T);
  scheduler.poll(T);
  // Both before the next poll: the newcomer comes, then the one before it is
  // answered, and nothing is left of the bucket for an hour.
  const [second] = enqueueAll(scheduler, [post()], T + 50);
  const bucket = bucketOf({
    decidedAtMs: T + 25,
    remaining: 0,
    resetAfterMs: 3_600_000,
  });
  const report = reportOf(T + 50, { bucket });
  const { wakeAtMs } = settleAndPoll(scheduler, first, report);
  assert.equal(wakeAtMs, T + 5_050);
  const { refused } = scheduler.poll(T + 5_050);
  assert.deepEqual(refused.map(({ id }) => id), [second]);
});
