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
const MESSAGES = "/channels/200000000000000001/messages";

Deno.test("a request that is taken back after its line's bucket turned out to be another route's, too, is no longer counted there", () => {
  const scheduler = createScheduler();
  const edit = askOf("PATCH", `${MESSAGES}/300000000000000001`);
  const posts = [1, 2, 3].map(() => askOf("POST", MESSAGES));
  enqueueAll(scheduler, [edit, ...posts], T);
  scheduler.poll(T);
  // Both routes turn out to have one bucket; the third message is held meanwhile.
  const answer = (atMs: number) =>
    reportOf(atMs, { bucket: bucketOf({ decidedAtMs: atMs - 25 }) });
  settleAndPoll(scheduler, edit.id, answer(T + 50));
  settleAndPoll(scheduler, posts[0]?.id ?? 0, answer(T + 60));
  assert.equal(scheduler.cancel(posts[2]?.id ?? 0, T + 70), "cancelled");
  settleAndPoll(scheduler, posts[1]?.id ?? 0, answer(T + 1_200));
  const { lines } = scheduler.snapshot(T + 1_200);
  assert.deepEqual(lines.map(({ waiting, inFlight }) => [waiting, inFlight]), [
    [0, 0],
    [0, 0],
  ]);
});
