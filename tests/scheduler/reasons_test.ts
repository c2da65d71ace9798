import assert from "node:assert/strict";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import type {
  Ask,
  Scheduler,
  WaitingRequest,
} from "../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "./_builders.ts";

const CHANNEL = "/channels/200000000000000001";
const T = START_MS;

Deno.test("behind a first request of its route a request waits for the first answer", () => {
  const scheduler = createScheduler();
  enqueueAll(scheduler, reads(2), T);
  scheduler.poll(T);
  const [second] = waitsOf(scheduler, T + 10);
  assert.equal(second?.wait.reason, "first_answer");
  assert.equal(second?.wait.earliestAtMs, undefined);
  assert.equal(second?.wait.place, 1);
});

Deno.test("a request that another process accepted is shown to wait since then, and so is what is oldest", () => {
  const scheduler = createScheduler();
  enqueueAll(scheduler, reads(1), T);
  scheduler.poll(T);
  const [ask] = reads(1);
  assert.ok(ask !== undefined);
  scheduler.enqueue({ ...ask, sinceMs: T - 60_000 }, T);
  const [found] = waitsOf(scheduler, T);
  assert.equal(found?.acceptedAtMs, T - 60_000);
  assert.equal(scheduler.snapshot(T + 1).oldestWaitMs, 60_001);
});

Deno.test("behind a spent bucket a request waits until the reset, one behind it for its place", () => {
  const { scheduler, ids } = spentBucket(7);
  const waits = waitsOf(scheduler, T + 60).map(({ wait }) => wait);
  assert.deepEqual(waits.map(({ reason }) => reason), ["bucket", "bucket"]);
  assert.deepEqual(waits.map(({ place }) => place), [1, 2]);
  assert.ok((waits[0]?.earliestAtMs ?? 0) > T + 60);
  assert.equal(ids.length, 5);
});

Deno.test("what waited for its bucket longest is told so when it leaves", () => {
  const { scheduler, ids } = spentBucket(6);
  assert.equal(scheduler.waitedFor(ids[1] ?? 0, T + 60), undefined);
  const later = pollUntilLease(scheduler, T + 60);
  assert.equal(scheduler.waitedFor(later.ids[0] ?? 0, later.atMs), "bucket");
});

Deno.test("behind an earlier message that is under way a message waits for its order", () => {
  const scheduler = createScheduler();
  enqueueAll(scheduler, [message(), message()], T);
  scheduler.poll(T);
  const [second] = waitsOf(scheduler, T + 5);
  assert.equal(second?.wait.reason, "order");
});

Deno.test("after a 429 a request waits for its end, by the name rate_limited", () => {
  const scheduler = createScheduler();
  const [first = 0] = enqueueAll(scheduler, reads(1), T);
  scheduler.poll(T);
  settleAndPoll(scheduler, first, limitedOf(T + 50, "user", 2_000));
  const [again] = waitsOf(scheduler, T + 60);
  assert.equal(again?.wait.reason, "rate_limited");
  assert.ok((again?.wait.earliestAtMs ?? 0) >= T + 2_050);
});

Deno.test("what failed and is tried again later waits for its retry, in the line as in what it is told when it leaves", () => {
  const scheduler = createScheduler();
  const [first = 0] = enqueueAll(scheduler, [message(), message()], T);
  scheduler.poll(T);
  scheduler.settle(
    first,
    { kind: "retry", report: undefined, notBeforeMs: T + 1_050 },
    T + 50,
  );
  assert.deepEqual(scheduler.poll(T + 50).leases, []);
  const { lines, reasons } = scheduler.snapshot(T + 60);
  assert.deepEqual(reasons, { retry: 2 });
  assert.equal(lines[0]?.reason, "retry");
  assert.equal(lines[0]?.nextAtMs, T + 1_050);
  const later = pollUntilLease(scheduler, T + 60);
  assert.deepEqual(later.ids, [first]);
  assert.equal(scheduler.waitedFor(first, later.atMs), "retry");
  const { lines: [after] } = scheduler.snapshot(later.atMs + 1);
  assert.equal(after?.reason, "first_answer");
});

Deno.test("past the bot's global limit a request waits for it", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 3 });
  const asks = Array.from(
    { length: 5 },
    (_, n) => askOf("GET", `/channels/1/${"abcde"[n]}`),
  );
  const ids = enqueueAll(scheduler, asks, T);
  assert.equal(scheduler.poll(T).leases.length, 3);
  const waits = waitsOf(scheduler, T + 10);
  assert.deepEqual(waits.map(({ wait }) => wait.reason), ["global", "global"]);
  for (const id of ids.slice(0, 3)) {
    scheduler.settle(
      id,
      { kind: "answered", report: reportOf(T + 50) },
      T + 50,
    );
  }
  const later = pollUntilLease(scheduler, T + 50);
  assert.equal(scheduler.waitedFor(later.ids[0] ?? 0, later.atMs), "global");
});

Deno.test("a paused line lets nothing leave until it is resumed", () => {
  const scheduler = createScheduler();
  const [first = 0] = enqueueAll(scheduler, reads(1), T);
  scheduler.poll(T);
  settleAndPoll(
    scheduler,
    first,
    reportOf(T + 50, { bucket: bucketOf({ decidedAtMs: T + 25 }) }),
  );
  const [line] = scheduler.snapshot(T + 60).lines;
  const lineId = line?.id ?? "";
  assert.ok(scheduler.pause(lineId, T + 60));
  const [second] = enqueueAll(scheduler, reads(1), T + 70);
  assert.deepEqual(scheduler.poll(T + 5_000).leases, []);
  assert.equal(waitsOf(scheduler, T + 5_000)[0]?.wait.reason, "operator");
  assert.ok(scheduler.resume(lineId, T + 6_000));
  assert.deepEqual(scheduler.poll(T + 6_000).leases, [second]);
  assert.ok(!scheduler.pause("no such line", T));
});

Deno.test("a preview tells what a request would wait for, and takes nothing in", () => {
  const { scheduler } = spentBucket(5);
  const before = scheduler.snapshot(T + 60);
  const wait = scheduler.preview(reads(1)[0] as Ask, T + 60);
  assert.equal(wait?.reason, "bucket");
  assert.equal(wait?.place, 1);
  assert.deepEqual(scheduler.snapshot(T + 60), before);
  const free = scheduler.preview(askOf("GET", "/users/@me"), T + 60);
  assert.equal(free, undefined);
});

Deno.test("a snapshot counts who waits for what, and when each line will be clear", () => {
  const { scheduler } = spentBucket(7);
  const { reasons, callers, oldestWaitMs, lines } = scheduler.snapshot(T + 160);
  assert.deepEqual(reasons, { bucket: 2 });
  assert.deepEqual(callers, [{ name: "default/a", waiting: 2 }]);
  assert.equal(oldestWaitMs, 100);
  const [line] = lines;
  assert.equal(line?.reason, "bucket");
  assert.ok((line?.clearAtMs ?? 0) >= (line?.nextAtMs ?? Infinity));
});

Deno.test("waiting requests are told in pages, and only those that are meant", () => {
  const { scheduler } = spentBucket(10);
  const all = waitsOf(scheduler, T + 60);
  assert.equal(all.length, 5);
  const query = { isMeant: () => true, offset: 2, limit: 2 };
  const page = scheduler.waitingRequests(query, T + 60);
  assert.deepEqual(
    page.map(({ id }) => id),
    all.slice(2, 4).map(({ id }) => id),
  );
  const others = { isMeant: () => false, offset: 0, limit: 10 };
  assert.deepEqual(scheduler.waitingRequests(others, T + 60), []);
});

function reads(count: number): Ask[] {
  return Array.from(
    { length: count },
    () => askOf("GET", `${CHANNEL}/messages`),
  );
}

function message(): Ask {
  return askOf("POST", `${CHANNEL}/messages`);
}

/** `count` reads of a bucket of 5 a second; the first is answered, the others fill it. */
function spentBucket(count: number): { scheduler: Scheduler; ids: number[] } {
  const scheduler = createScheduler();
  const [first = 0] = enqueueAll(scheduler, reads(1), T);
  scheduler.poll(T);
  const bucket = bucketOf({ decidedAtMs: T + 25 });
  settleAndPoll(scheduler, first, reportOf(T + 50, { bucket }));
  enqueueAll(scheduler, reads(count - 1), T + 60);
  const { leases } = scheduler.poll(T + 60);
  return { scheduler, ids: [first, ...leases] };
}

function waitsOf(scheduler: Scheduler, nowMs: number): WaitingRequest[] {
  const query = { isMeant: () => true, offset: 0, limit: 100 };
  return scheduler.waitingRequests(query, nowMs);
}

/** Polls at the moments the scheduler asks for until something may leave. */
function pollUntilLease(
  scheduler: Scheduler,
  fromMs: number,
): { ids: readonly number[]; atMs: number } {
  let atMs = fromMs;
  for (let polls = 0; polls < 100; polls++) {
    const { leases, wakeAtMs } = scheduler.poll(atMs);
    if (leases.length > 0) return { ids: leases, atMs };
    assert.ok(wakeAtMs !== undefined, "nothing wakes it");
    atMs = wakeAtMs;
  }
  throw new Error("nothing left");
}
