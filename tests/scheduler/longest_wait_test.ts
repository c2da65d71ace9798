import assert from "node:assert/strict";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import type { Ask, Refused, Scheduler } from "../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "./_builders.ts";

const PATH = "/guilds/400000000000000001/emojis";
const RESET_MS = 100_000;
const ANSWERED_MS = START_MS + 50;
const OPENS_MS = ANSWERED_MS + RESET_MS;
/** What is sent then arrives 50 ms later, and Discord tells its clock to the millisecond. */
const PREDICTED_MS = RESET_MS - 51;

function emoji(longestWaitMs: number | undefined, change?: Partial<Ask>): Ask {
  return askOf("POST", PATH, { longestWaitMs, isOrdered: false, ...change });
}

/** A scheduler whose route has spent its one token until `OPENS_MS`. */
function exhausted(): Scheduler {
  const scheduler = createScheduler({});
  const [id = 0] = enqueueAll(scheduler, [emoji(undefined)], START_MS);
  scheduler.poll(START_MS);
  const bucket = bucketOf({
    decidedAtMs: ANSWERED_MS,
    limit: 1,
    remaining: 0,
    resetAfterMs: RESET_MS,
  });
  settleAndPoll(scheduler, id, reportOf(ANSWERED_MS, { bucket }));
  return scheduler;
}

function ask(longestWaitMs: number | undefined): Refused | undefined {
  return exhausted().enqueue(emoji(longestWaitMs), ANSWERED_MS);
}

Deno.test("a request that will wait longer than its rule allows is refused at once, and told when to come back", () => {
  assert.deepEqual(ask(5_000), {
    code: "wait_too_long",
    message:
      "Cannot queue request: it would wait 100 s, the longest allowed by a rule for its route is 5 s",
    retryAfterMs: PREDICTED_MS - 5_000,
  });
});

Deno.test("the wait of a rule decides to the millisecond", () => {
  assert.equal(ask(PREDICTED_MS - 1)?.code, "wait_too_long");
  assert.equal(ask(PREDICTED_MS), undefined);
  assert.equal(ask(PREDICTED_MS + 1), undefined);
  assert.equal(ask(undefined), undefined);
});

Deno.test("with a wait of 0 what has to wait is refused, and what need not is sent", () => {
  assert.equal(ask(0)?.code, "wait_too_long");
  const scheduler = createScheduler({});
  const [id = 0] = enqueueAll(scheduler, [emoji(0)], START_MS);
  assert.deepEqual(scheduler.poll(START_MS + 1).leases, [id]);
});

Deno.test("a rule's wait cannot be longer than the one of all", () => {
  const scheduler = createScheduler({ maxWaitMs: 1_000 });
  const asks = [emoji(60_000), emoji(60_000)];
  const [, second] = enqueueAll(scheduler, asks, START_MS);
  scheduler.poll(START_MS);
  assert.deepEqual(scheduler.poll(START_MS + 999).refused, []);
  const { refused } = scheduler.poll(START_MS + 1_000);
  assert.deepEqual(refused.map(({ id }) => id), [second]);
});

Deno.test("a request whose wait was predicted too short is refused at the moment its wait passes", () => {
  const scheduler = createScheduler({});
  // Nothing is known of the route: the second waits for the first one's answer.
  const asks = [emoji(undefined), emoji(2_000)];
  const [, second] = enqueueAll(scheduler, asks, START_MS);
  const { wakeAtMs } = scheduler.poll(START_MS);
  assert.equal(wakeAtMs, START_MS + 2_000);
  assert.deepEqual(scheduler.poll(START_MS + 1_999).refused, []);
  const { refused: [refused] } = scheduler.poll(START_MS + 2_000);
  assert.equal(refused?.id, second);
  assert.equal(refused?.refused.code, "wait_too_long");
  assert.equal(
    refused?.refused.message,
    "Cannot send request: it waited 2 s for its limit",
  );
});

Deno.test("with a wait of 0 what waits all the same is refused 50 ms after it came", () => {
  const scheduler = createScheduler({});
  enqueueAll(scheduler, [emoji(undefined), emoji(0)], START_MS);
  scheduler.poll(START_MS);
  assert.deepEqual(scheduler.poll(START_MS + 49).refused, []);
  const { refused: [refused] } = scheduler.poll(START_MS + 50);
  assert.equal(
    refused?.refused.message,
    "Cannot send request: it waited 50 ms for its limit",
  );
});

Deno.test("requests with short waits are refused before those that came earlier and may wait longer", () => {
  const scheduler = createScheduler({});
  const asks = [undefined, 3_000, 1_000, 2_000].map((wait) => emoji(wait));
  const [, third, first, second] = enqueueAll(scheduler, asks, START_MS);
  scheduler.poll(START_MS);
  const order = [1_000, 2_000, 3_000].map((ms) =>
    scheduler.poll(START_MS + ms).refused.map(({ id }) => id)
  );
  assert.deepEqual(order, [[first], [second], [third]]);
});

Deno.test("a 429 whose wait is longer than the rule allows is handed back instead of waited out", () => {
  const scheduler = createScheduler({});
  const [id = 0] = enqueueAll(scheduler, [emoji(5_000)], START_MS);
  scheduler.poll(START_MS);
  const limited = limitedOf(ANSWERED_MS, "user", 6_000);
  assert.equal(settleAndPoll(scheduler, id, limited).verdict, "done");
});

Deno.test("a prediction stands: what a rule lets in leaves when its limit opens", () => {
  const scheduler = exhausted();
  const [id] = enqueueAll(scheduler, [emoji(RESET_MS + 10)], ANSWERED_MS);
  assert.deepEqual(scheduler.poll(ANSWERED_MS).leases, []);
  assert.deepEqual(scheduler.poll(OPENS_MS + 5).leases, [id]);
});

Deno.test("what would wait beyond the end of the proxy is refused at once, to come back a second after it", () => {
  const scheduler = exhausted();
  scheduler.endAt(ANSWERED_MS + 25_000);
  assert.deepEqual(scheduler.enqueue(emoji(undefined), ANSWERED_MS), {
    code: "wait_too_long",
    message:
      "Cannot queue request: it would wait 100 s, and the proxy ends within 25 s",
    retryAfterMs: 26_000,
  });
});

Deno.test("the end of the proxy decides to the millisecond", () => {
  const refusedBefore = (restMs: number) => {
    const scheduler = exhausted();
    scheduler.endAt(ANSWERED_MS + restMs);
    return scheduler.enqueue(emoji(undefined), ANSWERED_MS)?.code;
  };
  assert.equal(refusedBefore(PREDICTED_MS - 1), "wait_too_long");
  assert.equal(refusedBefore(PREDICTED_MS), undefined);
  assert.equal(refusedBefore(PREDICTED_MS + 1), undefined);
});

Deno.test("windows that others of its line need first count for the end of the proxy", () => {
  const scheduler = exhausted();
  scheduler.endAt(ANSWERED_MS + RESET_MS + 50_000);
  assert.equal(scheduler.enqueue(emoji(undefined), ANSWERED_MS), undefined);
  scheduler.poll(ANSWERED_MS);
  const behind = emoji(undefined, { id: 77 });
  assert.equal(scheduler.enqueue(behind, ANSWERED_MS)?.code, "wait_too_long");
});

Deno.test("what goes on in another process is not refused for the end of the proxy, and is for its longest wait", () => {
  const scheduler = exhausted();
  scheduler.endAt(ANSWERED_MS + 1);
  const kept = { outlivesProxy: true };
  assert.equal(
    scheduler.enqueue(emoji(undefined, kept), ANSWERED_MS),
    undefined,
  );
  const short = emoji(PREDICTED_MS - 1, { ...kept, id: 77 });
  assert.equal(scheduler.enqueue(short, ANSWERED_MS)?.code, "wait_too_long");
});

Deno.test("what need not wait is taken until the end of the proxy", () => {
  const scheduler = exhausted();
  scheduler.endAt(ANSWERED_MS + 1);
  const other = askOf("GET", "/gateway");
  assert.equal(scheduler.enqueue(other, ANSWERED_MS), undefined);
});
