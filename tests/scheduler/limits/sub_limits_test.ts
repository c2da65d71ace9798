import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Ask, Scheduler } from "../../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "../_builders.ts";

const CHANNEL = "/channels/200000000000000001";
const T = START_MS;
const TEN_MINUTES_MS = 600_000;

Deno.test("an edit that shares no field with a limited rename passes it", () => {
  const { scheduler } = limitedRename();
  const [edit] = enqueueAll(scheduler, [edits("nsfw")], T + 100);
  assert.deepEqual(scheduler.poll(T + 100).leases, [edit]);
});

Deno.test("a rename and an edit that also renames wait behind a limited rename, in order", () => {
  const { scheduler, rename } = limitedRename();
  const later = enqueueAll(
    scheduler,
    [edits("name", "nsfw"), edits("nsfw"), edits("topic")],
    T + 100,
  );
  // The second shares `nsfw` with the first of them, which may not be overtaken either.
  assert.deepEqual(scheduler.poll(T + 100).leases, [later[2]]);
  answer(scheduler, later[2] ?? 0, T + 150);
  assert.deepEqual(scheduler.poll(T + 50 + TEN_MINUTES_MS).leases, [rename]);
  assert.deepEqual(
    answer(scheduler, rename, T + 100 + TEN_MINUTES_MS),
    [later[0]],
  );
  assert.deepEqual(
    answer(scheduler, later[0] ?? 0, T + 200 + TEN_MINUTES_MS),
    [later[1]],
  );
});

Deno.test("a body whose members are not known waits behind a limited rename", () => {
  const { scheduler } = limitedRename();
  enqueueAll(scheduler, [askOf("PATCH", CHANNEL)], T + 100);
  assert.deepEqual(scheduler.poll(T + 100).leases, []);
});

Deno.test("other requests of the bucket go on while a rename is limited", () => {
  const { scheduler } = limitedRename();
  const [read] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T + 100);
  assert.deepEqual(scheduler.poll(T + 100).leases, [read]);
});

Deno.test("after a hidden limit's pause requests go one at a time", () => {
  const { scheduler, ids } = struckReads();
  assert.deepEqual(scheduler.poll(T + 999).leases, []);
  assert.deepEqual(scheduler.poll(T + 1_000).leases, [ids[1]]);
  assert.deepEqual(answer(scheduler, ids[1] ?? 0, T + 1_050), [ids[2]]);
  assert.deepEqual(scheduler.poll(T + 1_051).leases, []);
});

Deno.test("a hidden limit with a short wait is kept at the pace it has shown", () => {
  const { scheduler, ids } = struckReads();
  scheduler.poll(T + 1_000);
  assert.deepEqual(answer(scheduler, ids[1] ?? 0, T + 1_050), [ids[2]]);
  // The success was sent at 1,000 and this one has to wait until 2,000: a token a second.
  assert.equal(limit429(scheduler, ids[2] ?? 0, T + 1_100, 900), "again");
  assert.deepEqual(scheduler.poll(T + 2_000).leases, [ids[2]]);
  answer(scheduler, ids[2] ?? 0, T + 2_050);
  assert.deepEqual(scheduler.poll(T + 2_999).leases, []);
  assert.deepEqual(scheduler.poll(T + 3_030).leases, [ids[3]]);
});

Deno.test("a hidden limit is forgotten a minute after its last 429", () => {
  const { scheduler, ids } = struckReads();
  let nowMs = T + 1_000;
  for (const id of ids.slice(1)) {
    scheduler.poll(nowMs);
    answer(scheduler, id, nowMs + 50);
    nowMs += 1_000;
  }
  scheduler.poll(nowMs + 61_000);
  const asks = [5, 6].map((n) => read(n));
  const later = enqueueAll(scheduler, asks, nowMs + 61_000);
  assert.deepEqual(scheduler.poll(nowMs + 61_000).leases, later);
});

Deno.test("a 429 of a bucket never heard of is a limit beside the known one, not a new name for it", () => {
  const scheduler = createScheduler();
  const first = askOf("GET", `${CHANNEL}/messages`);
  enqueueAll(scheduler, [first], T);
  scheduler.poll(T);
  answer(scheduler, first.id, T + 50);
  const second = askOf("GET", `${CHANNEL}/messages`);
  enqueueAll(scheduler, [second], T + 60);
  scheduler.poll(T + 60);
  const bucket = bucketOf({
    decidedAtMs: T + 90,
    hash: "hidden",
    remaining: 0,
  });
  settleAndPoll(
    scheduler,
    second.id,
    limitedOf(T + 100, "user", 2_000, { bucket }),
  );
  const { lines } = scheduler.snapshot(T + 100);
  assert.deepEqual(lines.map((line) => line.hash), ["hash-a"]);
});

Deno.test("a rename that is known to wait longer than allowed is refused, an edit is not", () => {
  const scheduler = createScheduler({ maxWaitMs: 60_000 });
  const rename = edits("name");
  enqueueAll(scheduler, [rename], T);
  scheduler.poll(T);
  assert.equal(limit429(scheduler, rename.id, T + 50, TEN_MINUTES_MS), "done");
  const refused = scheduler.enqueue(edits("name"), T + 100);
  assert.equal(refused?.code, "wait_too_long");
  assert.equal(scheduler.enqueue(edits("nsfw"), T + 100), undefined);
});

Deno.test("cancelling a parked request lets what waited behind it go", () => {
  const { scheduler, rename } = limitedRename();
  const [behind] = enqueueAll(scheduler, [edits("name", "nsfw")], T + 100);
  scheduler.poll(T + 100);
  const [edit] = enqueueAll(scheduler, [edits("nsfw")], T + 110);
  assert.deepEqual(scheduler.poll(T + 110).leases, []);
  assert.equal(scheduler.cancel(behind ?? 0, T + 120), "cancelled");
  assert.deepEqual(scheduler.poll(T + 120).leases, [edit]);
  assert.equal(scheduler.cancel(rename, T + 120), "cancelled");
});

/** A scheduler whose rename of CHANNEL was met by the hidden limit: ten minutes, tokens left. */
function limitedRename(): { scheduler: Scheduler; rename: number } {
  const scheduler = createScheduler({ maxWaitMs: 2 * TEN_MINUTES_MS });
  const rename = edits("name");
  enqueueAll(scheduler, [rename], T);
  scheduler.poll(T);
  assert.equal(limit429(scheduler, rename.id, T + 50, TEN_MINUTES_MS), "again");
  return { scheduler, rename: rename.id };
}

/** Four reads of one line, the first answered, the others met by a hidden limit: one second from the success. */
function struckReads(): { scheduler: Scheduler; ids: number[] } {
  const scheduler = createScheduler();
  const ids = enqueueAll(scheduler, [1, 2, 3, 4].map((n) => read(n)), T);
  scheduler.poll(T);
  const bucket = bucketOf({
    decidedAtMs: T + 25,
    limit: 7,
    remaining: 6,
    resetAfterMs: 5,
  });
  settleAndPoll(scheduler, ids[0] ?? 0, reportOf(T + 50, { bucket }));
  for (const id of ids.slice(1)) {
    assert.equal(limit429(scheduler, id, T + 100, 900), "again");
  }
  return { scheduler, ids };
}

function read(n: number): Ask {
  return askOf("GET", `${CHANNEL}/messages/30000000000000000${n}`);
}

function edits(...fields: string[]): Ask {
  return askOf("PATCH", CHANNEL, { fields });
}

function limit429(
  scheduler: Scheduler,
  id: number,
  atMs: number,
  retryAfterMs: number,
): string {
  const bucket = bucketOf({ decidedAtMs: atMs - 25, remaining: 4 });
  const report = limitedOf(atMs, "user", retryAfterMs, { bucket });
  return settleAndPoll(scheduler, id, report).verdict;
}

function answer(
  scheduler: Scheduler,
  id: number,
  atMs: number,
): readonly number[] {
  const bucket = bucketOf({ decidedAtMs: atMs - 25, remaining: 4 });
  return settleAndPoll(scheduler, id, reportOf(atMs, { bucket })).leases;
}
