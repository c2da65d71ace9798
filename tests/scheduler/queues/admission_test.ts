import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { SchedulerOptions } from "../../../rest/scheduler/options.ts";
import type { Ask, Scheduler } from "../../../rest/scheduler/types.ts";
import { askOf, START_MS } from "../_builders.ts";

const T = START_MS;
const PATIENT = { maxWaitMs: 1e12, globalLimitOf: () => 1 };

/** Enqueues until one is refused, or `most` are in; returns how many those are. */
function fill(
  scheduler: Scheduler,
  askFor: (n: number) => Ask,
  most = 1_000,
): number {
  for (let n = 0; n < most; n++) {
    const refused = scheduler.enqueue(askFor(n), T);
    if (refused === undefined) continue;
    assert.equal(refused.code, "overloaded");
    return n;
  }
  return most;
}

const sameLine = (caller: string, bytes = 0) => () =>
  askOf("GET", "/guilds/1", { caller, bytes });
const ownLines = (caller: string, bytes = 0) => (n: number) =>
  askOf("GET", `/guilds/${n}`, { caller, bytes });

function schedulerOf(options: Partial<SchedulerOptions>): Scheduler {
  return createScheduler({ ...PATIENT, ...options });
}

Deno.test("a caller that fills a line does not have another refused there", () => {
  const scheduler = schedulerOf({ lineWaitingMax: 12 });
  assert.equal(fill(scheduler, sameLine("a/x")), 12);
  assert.equal(fill(scheduler, sameLine("a/y")), 6);
  assert.equal(fill(scheduler, sameLine("b/z")), 4);
  assert.equal(fill(scheduler, sameLine("a/x")), 0);
  const refused = scheduler.enqueue(sameLine("a/x")(), T);
  assert.equal(
    refused?.message,
    "Cannot queue request: 12 requests of this caller wait for GET /guilds/{guild_id}",
  );
});

Deno.test("a new client for every request finds a line as full as one for all", () => {
  const scheduler = schedulerOf({ lineWaitingMax: 12 });
  assert.equal(fill(scheduler, (n) => sameLine(`a/${n}`)()), 12);
  const refused = scheduler.enqueue(sameLine("a/new")(), T);
  assert.equal(
    refused?.message,
    "Cannot queue request: 12 requests wait for GET /guilds/{guild_id}",
  );
});

Deno.test("a line that has room again takes whoever comes", () => {
  const scheduler = schedulerOf({ lineWaitingMax: 4 });
  const asks = [1, 2, 3, 4].map(sameLine("a/x"));
  for (const ask of asks) scheduler.enqueue(ask, T);
  assert.equal(fill(scheduler, sameLine("a/y")), 2);
  for (const ask of asks.slice(0, 3)) scheduler.cancel(ask.id, T);
  assert.equal(fill(scheduler, sameLine("a/x")), 1);
});

Deno.test("where several keys send, one that floods leaves a fifth of the queue to others", () => {
  const options = { waitingMax: 100, isInvalidShared: true };
  const scheduler = schedulerOf(options);
  assert.equal(fill(scheduler, ownLines("a/x")), 80);
  // Names of clients can be made up; the key's share is that of all of them.
  assert.equal(fill(scheduler, ownLines("a/another")), 0);
  assert.ok(fill(scheduler, ownLines("b/x")) >= 10);
  assert.ok(fill(scheduler, ownLines("c/x")) >= 1);
});

Deno.test("a key's share is free again when its requests leave", () => {
  const options = { waitingMax: 100, isInvalidShared: true };
  const scheduler = schedulerOf(options);
  const asks = Array.from({ length: 80 }, (_, n) => ownLines("a/x")(n));
  for (const ask of asks) scheduler.enqueue(ask, T);
  assert.equal(fill(scheduler, ownLines("a/x")), 0);
  for (const ask of asks.slice(0, 40)) scheduler.cancel(ask.id, T);
  assert.equal(fill(scheduler, ownLines("a/x")), 40);
});

Deno.test("a key that holds much of the bytes leaves room for another's body", () => {
  const options = { bytesMax: 1_000, isInvalidShared: true };
  const scheduler = schedulerOf(options);
  const count = fill(scheduler, ownLines("a/x", 10));
  assert.equal(count, 80);
  assert.equal(scheduler.enqueue(ownLines("b/x", 200)(0), T), undefined);
  assert.equal(
    scheduler.enqueue(ownLines("c/x", 10)(0), T)?.code,
    "overloaded",
  );
});

Deno.test("a key without rivals has the whole queue", () => {
  const scheduler = schedulerOf({ waitingMax: 100 });
  assert.equal(fill(scheduler, ownLines("a/x")), 100);
});
