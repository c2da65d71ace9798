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
const CHANNEL = "/channels/200000000000000001";

Deno.test("what waits behind a hidden limit is not forgotten when the route's hash changes meanwhile", () => {
  const scheduler = createScheduler();
  const reads = Array.from({ length: 3 }, () => read(CHANNEL));
  const [first = 0, second = 0] = enqueueAll(scheduler, reads, T);
  scheduler.poll(T);
  // The first read's hidden limit binds for a second; the second is parked behind it.
  assert.equal(limit429(scheduler, first, T + 50, "old"), "again");
  const [elsewhere = 0] = enqueueAll(scheduler, [
    read("/channels/200000000000000002"),
  ], T + 60);
  scheduler.poll(T + 60);
  answer(scheduler, elsewhere, T + 110, "old");
  const [renaming = 0] = enqueueAll(scheduler, [
    read("/channels/200000000000000002"),
  ], T + 120);
  scheduler.poll(T + 120);
  answer(scheduler, renaming, T + 170, "new");
  assert.deepEqual(scheduler.poll(T + 1_050).leases, [first]);
  assert.equal(limit429(scheduler, first, T + 1_100, "new"), "again");
  assert.deepEqual(scheduler.poll(T + 2_100).leases, [first]);
  assert.deepEqual(answer(scheduler, first, T + 2_150, "new"), [second]);
});

Deno.test("a hidden limit met twice by an edit without members is forgotten in the end", () => {
  const scheduler = createScheduler();
  const edit = askOf("PATCH", CHANNEL, { fields: [] });
  enqueueAll(scheduler, [edit], T);
  for (const atMs of [T, T + 1_100, T + 2_200]) {
    assert.deepEqual(scheduler.poll(atMs).leases, [edit.id]);
    if (atMs < T + 2_000) limit429(scheduler, edit.id, atMs + 50, "old");
  }
  answer(scheduler, edit.id, T + 2_250, "old");
  for (const afterMs of [70_000, 140_000, 210_000]) scheduler.poll(T + afterMs);
  assert.deepEqual(scheduler.snapshot(T + 210_000).lines, []);
});

Deno.test("an edit of two members waits for the hidden limit that binds longest", () => {
  const scheduler = createScheduler();
  const renames = [["name"], ["topic"]].map((fields) =>
    askOf("PATCH", CHANNEL, { fields, isOrdered: false })
  );
  const ids = enqueueAll(scheduler, renames, T);
  scheduler.poll(T);
  limit429(scheduler, ids[0] ?? 0, T + 50, "old");
  limit429(scheduler, ids[1] ?? 0, T + 100, "old", 60_000);
  for (const id of ids) scheduler.cancel(id, T + 100);
  const both = askOf("PATCH", CHANNEL, { fields: ["name", "topic"] });
  enqueueAll(scheduler, [both], T + 2_000);
  assert.deepEqual(scheduler.poll(T + 2_000).leases, []);
  assert.deepEqual(scheduler.poll(T + 60_100).leases, [both.id]);
});

function read(channel: string): ReturnType<typeof askOf> {
  return askOf("GET", `${channel}/messages`);
}

/** A 429 with tokens left. */
function limit429(
  scheduler: Scheduler,
  id: number,
  atMs: number,
  hash: string,
  retryAfterMs = 1_000,
): string {
  const bucket = bucketOf({ decidedAtMs: atMs - 25, hash });
  const report = limitedOf(atMs, "user", retryAfterMs, { bucket });
  return settleAndPoll(scheduler, id, report).verdict;
}

function answer(
  scheduler: Scheduler,
  id: number,
  atMs: number,
  hash: string,
): readonly number[] {
  const bucket = bucketOf({ decidedAtMs: atMs - 25, hash });
  return settleAndPoll(scheduler, id, reportOf(atMs, { bucket })).leases;
}
