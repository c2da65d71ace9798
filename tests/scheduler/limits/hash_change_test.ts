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
import { type Plan, runWorld } from "../_world.ts";

const T = START_MS;
const MESSAGES = "/channels/200000000000000001/messages";
const PINS = "/channels/200000000000000003/pins";
const ELSEWHERE = "/channels/200000000000000002/messages";

Deno.test("a line whose hash changed by another channel's answer moves to its new bucket with its next answer", () => {
  const { scheduler, sent } = changedElsewhere();
  answer(scheduler, sent, T + 200, "new");
  assert.deepEqual(waitingByHash(scheduler), [["new", 2]]);
});

Deno.test("it moves to its new bucket all the same where another route made that known before", () => {
  const scheduler = createScheduler();
  const [pins = 0] = enqueueAll(scheduler, [askOf("GET", PINS)], T - 200);
  scheduler.poll(T - 200);
  answer(scheduler, pins, T - 100, "new", 1);
  const { sent } = changedElsewhere(scheduler);
  answer(scheduler, sent, T + 200, "new");
  assert.deepEqual(waitingByHash(scheduler), [["new", 2]]);
});

Deno.test("a line whose hash changed by another channel's answer brings the old one back if it is answered with that", () => {
  const { scheduler, sent } = changedElsewhere();
  answer(scheduler, sent, T + 200, "old");
  enqueueAll(scheduler, [askOf("GET", MESSAGES)], T + 210);
  assert.deepEqual(waitingByHash(scheduler), [["old", 3]]);
});

Deno.test("a 429 of the new bucket pauses that bucket, and is no hidden limit of the old one", () => {
  const { scheduler, sent } = changedElsewhere();
  const bucket = bucketOf({ decidedAtMs: T + 175, hash: "new", remaining: 0 });
  const report = limitedOf(T + 200, "user", 5_000, { bucket });
  assert.equal(settleAndPoll(scheduler, sent, report).verdict, "again");
  assert.deepEqual(waitingByHash(scheduler), [["new", 3]]);
  assert.deepEqual(scheduler.poll(T + 5_199).leases, []);
  assert.deepEqual(scheduler.poll(T + 5_200).leases, [sent]);
});

Deno.test("world: reads of four channels go on through a change of their hash with hardly a 429", () => {
  const plans = Array.from({ length: 160 }, (_, n): Plan => ({
    atMs: n < 80 ? 0 : 4_500 + n,
    method: "GET",
    path: `/channels/${1_000 + n % 4}/messages/${9_000 + n}`,
  }));
  const match = "GET /channels/{}/messages/{}";
  let limited = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const report = runWorld(plans, {
      seed,
      wayIn: { minMs: 0, maxMs: 20 },
      wayOut: { minMs: 10, maxMs: 110 },
      model: {
        seed,
        rules: [{ match, limit: 5, periodMs: 5_000 }],
        changes: [{ afterMs: 4_000, match, rotateHash: "b" }],
      },
    });
    limited += report.limited["user"] ?? 0;
  }
  assert.ok(limited <= 20, `${limited} 429s in 20 worlds`);
});

/** Three reads of one channel, one of them sent, when another channel's answer names a new hash. */
function changedElsewhere(
  scheduler = createScheduler(),
): { scheduler: Scheduler; sent: number } {
  for (const [n, path] of [MESSAGES, ELSEWHERE].entries()) {
    const [id = 0] = enqueueAll(scheduler, [askOf("GET", path)], T + n * 50);
    scheduler.poll(T + n * 50);
    answer(scheduler, id, T + n * 50 + 40, "old", 1);
  }
  const reads = [1, 2, 3].map(() => askOf("GET", MESSAGES));
  const other = askOf("GET", ELSEWHERE);
  const [sent = 0] = enqueueAll(scheduler, [...reads, other], T + 100);
  assert.deepEqual(scheduler.poll(T + 100).leases, [sent, other.id]);
  answer(scheduler, other.id, T + 150, "new");
  return { scheduler, sent };
}

function answer(
  scheduler: Scheduler,
  id: number,
  atMs: number,
  hash: string,
  remaining = 0,
): void {
  const bucket = bucketOf({
    decidedAtMs: atMs - 25,
    hash,
    limit: 2,
    remaining,
  });
  settleAndPoll(scheduler, id, reportOf(atMs, { bucket }));
}

/** Of the first channel. */
function waitingByHash(scheduler: Scheduler): [string, number][] {
  return scheduler.snapshot(T).lines
    .filter(({ major }) => MESSAGES.includes(major))
    .map(({ hash = "", waiting }): [string, number] => [hash, waiting])
    .sort();
}
