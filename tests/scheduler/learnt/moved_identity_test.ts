/** One identity, and processes that send for it in turns, all alive. */
import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../../rest/scheduler/types.ts";
import {
  askOf,
  bucketOf,
  reportOf,
  SERVER_OFFSET_MS,
  START_MS,
} from "../_builders.ts";

const GLOBAL_LIMIT = 50;

/** Asks for `count` guilds, which only the global limit binds, and answers what may leave; says how much that was. */
function send(scheduler: Scheduler, count: number, nowMs: number): number {
  const asks = Array.from({ length: count }, () => askOf("GET", newGuild()));
  for (const ask of asks) scheduler.enqueue(ask, nowMs);
  const { leases } = scheduler.poll(nowMs);
  for (const id of leases) {
    const report = reportOf(nowMs + 10);
    scheduler.settle(id, { kind: "answered", report }, nowMs + 10);
  }
  for (const { id } of asks) scheduler.cancel(id, nowMs + 10);
  return leases.length;
}

let guilds = 0;
const newGuild = () => `/guilds/${++guilds}`;

function move(
  from: Scheduler,
  into: Scheduler,
  { nowMs, isFinal }: { readonly nowMs: number; readonly isFinal: boolean },
): void {
  const moment = { nowMs, wallMs: SERVER_OFFSET_MS + nowMs };
  into.takeLearnt(
    JSON.parse(JSON.stringify(from.learnt({ ...moment, isFinal }))),
    moment,
  );
}

/** Asks for a channel's messages, and is answered, where that may leave. */
function read(scheduler: Scheduler, remaining: number, nowMs: number): boolean {
  const ask = askOf("GET", "/channels/7/messages");
  scheduler.enqueue(ask, nowMs);
  const isSent = scheduler.poll(nowMs).leases.length === 1;
  if (!isSent) {
    scheduler.cancel(ask.id, nowMs);
    return false;
  }
  const decidedAtMs = nowMs + 5;
  const bucket = bucketOf({ decidedAtMs, remaining, resetAfterMs: 4_000 });
  const report = reportOf(nowMs + 10, { bucket });
  scheduler.settle(ask.id, { kind: "answered", report }, nowMs + 10);
  return true;
}

/** Knows Discord's clock, and that nothing but the global limit binds guilds. */
function warm(scheduler: Scheduler): Scheduler {
  for (let at = 0; at < 20; at++) send(scheduler, 1, START_MS + at * 100);
  read(scheduler, 4, START_MS + 2_000);
  return scheduler;
}

const LATER_MS = START_MS + 10_000;

Deno.test("an identity that comes back has spent of its global limit what another process sent meanwhile", () => {
  const first = warm(createScheduler());
  const second = createScheduler();
  move(first, second, { nowMs: LATER_MS, isFinal: true });
  const sent = send(second, GLOBAL_LIMIT, LATER_MS + 2_000);
  assert.equal(sent, GLOBAL_LIMIT);
  move(second, first, { nowMs: LATER_MS + 2_020, isFinal: true });
  assert.equal(send(first, 5, LATER_MS + 2_030), 0);
  assert.equal(send(first, 5, LATER_MS + 3_200), 5);
});

Deno.test("what came back sends nothing in the second that the other process may have used after it last wrote", () => {
  const first = warm(createScheduler());
  const second = createScheduler();
  move(first, second, { nowMs: LATER_MS, isFinal: true });
  send(second, 1, LATER_MS + 2_000);
  move(second, first, { nowMs: LATER_MS + 2_020, isFinal: false });
  assert.equal(send(first, 5, LATER_MS + 2_030), 0);
  assert.equal(send(first, 5, LATER_MS + 4_200), 5);
});

Deno.test("a bucket that another process emptied is empty for the one that has known it before", () => {
  const first = warm(createScheduler());
  const second = createScheduler();
  move(first, second, { nowMs: LATER_MS, isFinal: true });
  assert.ok(read(second, 0, LATER_MS + 5_000));
  move(second, first, { nowMs: LATER_MS + 5_100, isFinal: true });
  assert.ok(!read(first, 4, LATER_MS + 5_200));
  assert.ok(read(first, 4, LATER_MS + 9_200));
});

Deno.test("what is under way when its identity comes back is settled, and counts", () => {
  const first = warm(createScheduler());
  const ask = askOf("GET", newGuild());
  first.enqueue(ask, LATER_MS);
  assert.deepEqual(first.poll(LATER_MS).leases, [ask.id]);
  const second = createScheduler();
  move(first, second, { nowMs: LATER_MS + 10, isFinal: false });
  assert.equal(
    send(second, GLOBAL_LIMIT, LATER_MS + 3_000),
    GLOBAL_LIMIT,
  );
  move(second, first, { nowMs: LATER_MS + 3_020, isFinal: true });
  assert.equal(send(first, 5, LATER_MS + 3_030), 0);
  const report = reportOf(LATER_MS + 3_050);
  const outcome = { kind: "answered", report } as const;
  assert.equal(first.settle(ask.id, outcome, LATER_MS + 3_050), "done");
  assert.equal(send(first, 5, LATER_MS + 4_200), 5);
});

Deno.test("webhooks, which have owners of their own, are counted on when their bot's identity comes back", () => {
  const execute = (scheduler: Scheduler, remaining: number, nowMs: number) => {
    const ask = askOf("POST", "/webhooks/5/a-token");
    scheduler.enqueue(ask, nowMs);
    const isSent = scheduler.poll(nowMs).leases.length === 1;
    if (!isSent) {
      scheduler.cancel(ask.id, nowMs);
      return false;
    }
    const decidedAtMs = nowMs + 5;
    const resetAfterMs = 8_000;
    const bucket = bucketOf({
      hash: "hash-w",
      decidedAtMs,
      remaining,
      resetAfterMs,
    });
    const report = reportOf(nowMs + 10, { bucket });
    scheduler.settle(ask.id, { kind: "answered", report }, nowMs + 10);
    return true;
  };
  const first = warm(createScheduler());
  const second = createScheduler();
  move(first, second, { nowMs: LATER_MS, isFinal: true });
  assert.ok(execute(first, 0, LATER_MS + 2_000));
  assert.ok(read(second, 4, LATER_MS + 2_000));
  move(second, first, { nowMs: LATER_MS + 2_100, isFinal: true });
  assert.ok(!execute(first, 4, LATER_MS + 3_000));
  assert.ok(execute(first, 4, LATER_MS + 10_500));
});

Deno.test("a line that came back outlives the one that it replaced", () => {
  const first = warm(createScheduler());
  const second = createScheduler();
  move(first, second, { nowMs: LATER_MS, isFinal: true });
  assert.ok(read(second, 4, LATER_MS + 100));
  move(second, first, { nowMs: LATER_MS + 200, isFinal: true });
  // Long enough for what is idle to be forgotten.
  for (let at = 10_000; at < 900_000; at += 5_000) {
    assert.ok(read(first, 4, LATER_MS + at));
    const { lines } = first.snapshot(LATER_MS + at + 20);
    const same = lines.filter(({ label }) => label.includes("/messages"));
    assert.equal(same.length, 1, `after ${at} ms`);
  }
});

Deno.test("a process forgets of what it hands over nothing but that identity", () => {
  const scheduler = warm(createScheduler());
  const other = askOf("GET", "/guilds/1", { identityId: "bot:2" });
  scheduler.enqueue(other, LATER_MS);
  scheduler.poll(LATER_MS);
  const moment = { nowMs: LATER_MS, wallMs: SERVER_OFFSET_MS + LATER_MS };
  const hasIdentity = (id: string) => id === "bot:1";
  const { identities } = scheduler.learnt({
    ...moment,
    isFinal: true,
    hasIdentity,
  });
  assert.deepEqual(identities.map(({ id }) => id), ["bot:1"]);
});
