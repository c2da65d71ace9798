import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import {
  askOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "../_builders.ts";

const T = START_MS;
const REJECTED = true;

Deno.test("a request that comes back for another try after its token was rejected is refused at once", () => {
  const scheduler = createScheduler();
  const asks = [1, 2].map((n) => askOf("GET", `/guilds/${n}00000000000000000`));
  const [late = 0, unauthorized = 0] = enqueueAll(scheduler, asks, T);
  scheduler.poll(T);
  settleAndPoll(scheduler, unauthorized, reportOf(T + 50, { status: 401 }));
  scheduler.credentialChecked("bot:1", REJECTED, T + 100);
  scheduler.poll(T + 100);
  const report = limitedOf(T + 150, "user", 300);
  scheduler.settle(late, { kind: "answered", report }, T + 150);
  const { refused } = scheduler.poll(T + 150);
  assert.deepEqual(refused.map(({ id, refused: { code } }) => [id, code]), [
    [late, "token_rejected"],
  ]);
});
