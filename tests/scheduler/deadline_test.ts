import assert from "node:assert/strict";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import type { Scheduler, Settlement } from "../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "./_builders.ts";

const T = START_MS;
const PATH = "/guilds/400000000000000001";
const MAX_WAIT_MS = 10_000;

/** One request, leased at once. */
function leased(deadlineAtMs?: number): { scheduler: Scheduler; id: number } {
  const scheduler = createScheduler({ maxWaitMs: MAX_WAIT_MS });
  const [id = 0] = enqueueAll(scheduler, [
    askOf("GET", PATH, { deadlineAtMs }),
  ], T);
  assert.deepEqual(scheduler.poll(T).leases, [id]);
  return { scheduler, id };
}

function retryAt(notBeforeMs: number): Settlement {
  const report = reportOf(T + 50, { status: 502 });
  return { kind: "retry", report, notBeforeMs };
}

Deno.test("a retry that would come after the longest wait is done: its caller gets the answer there is", () => {
  const { scheduler, id } = leased();
  const outcome = retryAt(T + MAX_WAIT_MS);
  assert.equal(scheduler.settle(id, outcome, T + 50), "done");
  const { waiting, lines: [line] } = scheduler.snapshot(T + 50);
  assert.deepEqual([waiting, line?.waiting, line?.inFlight], [0, 0, 0]);
});

Deno.test("a retry that comes within the longest wait goes again", () => {
  const { scheduler, id } = leased();
  const atMs = T + MAX_WAIT_MS - 1;
  assert.equal(scheduler.settle(id, retryAt(atMs), T + 50), "again");
  assert.deepEqual(scheduler.poll(atMs).leases, [id]);
});

Deno.test("a deadline is met once the request has left: a retry may come after it", () => {
  const { scheduler, id } = leased(T + 100);
  assert.equal(scheduler.settle(id, retryAt(T + 300), T + 50), "again");
  assert.deepEqual(scheduler.poll(T + 200).refused, []);
  assert.deepEqual(scheduler.poll(T + 300).leases, [id]);
});

Deno.test("a request that was limited after it left in time goes again, past its deadline", () => {
  const { scheduler, id } = leased(T + 100);
  const report = limitedOf(T + 50, "user", 2_000);
  const outcome = { kind: "answered", report } as const;
  assert.equal(scheduler.settle(id, outcome, T + 50), "again");
  assert.deepEqual(scheduler.poll(T + 1_000).refused, []);
  assert.deepEqual(scheduler.poll(T + 2_050).leases, [id]);
});

Deno.test("a request that comes again is still bound by the longest wait", () => {
  const { scheduler, id } = leased(T + 100);
  scheduler.settle(id, retryAt(T + 300), T + 50);
  const [first = 0] = enqueueAll(scheduler, [askOf("GET", PATH)], T + 100);
  scheduler.poll(T + 100);
  scheduler.poll(T + 300);
  const { refused } = scheduler.poll(T + MAX_WAIT_MS);
  assert.deepEqual(refused.map((r) => [r.id, r.refused.code]), [
    [id, "wait_too_long"],
  ]);
  assert.equal(scheduler.cancel(first, T + MAX_WAIT_MS), "leased");
});

Deno.test("a 429 whose wait ends with the longest wait is handed back", () => {
  const { scheduler, id } = leased();
  const report = limitedOf(T + 50, "user", MAX_WAIT_MS - 50);
  const outcome = { kind: "answered", report } as const;
  assert.equal(scheduler.settle(id, outcome, T + 50), "done");
});

/** How long a request is told to wait whose deadline passes at `T + 5_000`. */
function toldAfter(scheduler: Scheduler, method: "PATCH" | "PUT"): unknown {
  const fields = ["name"];
  const late = askOf(method, PATH, { deadlineAtMs: T + 5_000, fields });
  enqueueAll(scheduler, [late], T + 60);
  scheduler.poll(T + 60);
  const { refused } = scheduler.poll(T + 5_000);
  assert.equal(refused[0]?.refused.code, "deadline");
  return refused[0]?.refused.retryAfterMs;
}

Deno.test("a deadline that passes behind a hidden limit is told when that opens", () => {
  const scheduler = createScheduler();
  const rename = askOf("PATCH", PATH, { fields: ["name"] });
  enqueueAll(scheduler, [rename], T);
  scheduler.poll(T);
  const bucket = bucketOf({ decidedAtMs: T + 25 });
  const report = limitedOf(T + 50, "user", 60_000, { bucket });
  settleAndPoll(scheduler, rename.id, report);
  assert.equal(toldAfter(scheduler, "PATCH"), 55_050);
});

Deno.test("a deadline that passes behind the first of its order is told when that goes again", () => {
  const scheduler = createScheduler();
  const first = askOf("PUT", PATH);
  enqueueAll(scheduler, [first], T);
  scheduler.poll(T);
  scheduler.settle(first.id, retryAt(T + 30_000), T + 50);
  assert.equal(toldAfter(scheduler, "PUT"), 25_000);
});
