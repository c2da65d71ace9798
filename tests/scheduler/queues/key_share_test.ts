import assert from "node:assert/strict";
import { InvalidBudget } from "../../../rest/scheduler/health/invalid_budget.ts";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../../rest/scheduler/types.ts";
import { askOf, reportOf, START_MS } from "../_builders.ts";

const T = START_MS;
const GUILD = "/guilds/1/members/2";
const SHARED = { invalidCeiling: 100, isInvalidShared: true };

/** A shared budget of 100 of which the key `a` has failed `count` times on one route. */
function budgetWith(count: number): InvalidBudget {
  const isShared = true;
  const budget = new InvalidBudget(100, isShared);
  for (let n = 0; n < count; n++) budget.note("failing", 0, "a/x");
  return budget;
}

Deno.test("a key's failing routes are refused from 60 % of the ceiling on, its others go", () => {
  assert.equal(budgetWith(59).exhaustedFor("failing", 0, "a/x"), undefined);
  assert.equal(budgetWith(60).exhaustedFor("failing", 0, "a/x"), "key");
  assert.equal(budgetWith(60).exhaustedFor("sound", 0, "a/x"), undefined);
});

Deno.test("at 70 % of the ceiling nothing of the key goes: paths can be made up without end", () => {
  assert.equal(budgetWith(69).exhaustedFor("sound", 0, "a/x"), undefined);
  assert.equal(budgetWith(70).exhaustedFor("sound", 0, "a/x"), "key");
});

Deno.test("what one key fails at, another may do", () => {
  for (const count of [60, 70]) {
    assert.equal(
      budgetWith(count).exhaustedFor("failing", 0, "b/x"),
      undefined,
    );
  }
});

Deno.test("a key's share is that of all its clients and addresses", () => {
  const budget = budgetWith(30);
  for (let n = 0; n < 30; n++) budget.note("failing", 0, "a@127.0.0.1");
  assert.equal(budget.countOf("a/z", 0), 60);
  assert.equal(budget.exhaustedFor("failing", 0, "a/z"), "key");
});

Deno.test("a key's share is there again when its answers leave the window", () => {
  const budget = budgetWith(70);
  assert.equal(budget.exhaustedFor("sound", 599_999, "a/x"), "key");
  assert.equal(budget.exhaustedFor("sound", 601_000, "a/x"), undefined);
});

Deno.test("without further keys one may use up to the whole ceiling", () => {
  const budget = new InvalidBudget(100);
  for (let n = 0; n < 79; n++) budget.note("failing", 0, "a/x");
  assert.ok(budget.allows("failing", 0, "a/x"));
});

Deno.test("at the ceiling nobody goes, whoever it was", () => {
  assert.equal(budgetWith(100).exhaustedFor("sound", 0, "b/x"), "all");
});

/** Sends one request after another and answers each with 403, until one is refused. */
function storm(
  scheduler: Scheduler,
  callerOf: (n: number) => string,
  count: number,
): { sent: number; warnings: string[] } {
  const warnings: string[] = [];
  for (let n = 0; n < count; n++) {
    const atMs = T + n * 100;
    const ask = askOf("GET", GUILD, { caller: callerOf(n) });
    if (scheduler.enqueue(ask, atMs) !== undefined) {
      return { sent: n, warnings };
    }
    scheduler.poll(atMs);
    const report = reportOf(atMs + 50, { status: 403 });
    scheduler.settle(ask.id, { kind: "answered", report }, atMs + 50);
    warnings.push(...scheduler.poll(atMs + 50).warnings ?? []);
  }
  return { sent: count, warnings };
}

Deno.test("one key's storm of 403s is stopped at its share, and another key goes on with the same route", () => {
  const scheduler = createScheduler(SHARED);
  assert.equal(storm(scheduler, () => "a/x", 500).sent, 60);
  const atMs = T + 60_000;
  const refused = scheduler.enqueue(
    askOf("GET", GUILD, { caller: "a/x" }),
    atMs,
  );
  assert.equal(refused?.code, "invalid_budget");
  assert.equal(
    refused?.message,
    "Cannot queue request: 60 invalid requests of this key in 10 minutes, more than its share of 100",
  );
  assert.ok((refused?.retryAfterMs ?? 0) > 500_000);
  const other = askOf("GET", GUILD, { caller: "b/x" });
  assert.equal(scheduler.enqueue(other, atMs), undefined);
  assert.deepEqual(scheduler.poll(atMs).leases, [other.id]);
});

Deno.test("a key that changes its name for each request has no more than its share", () => {
  const scheduler = createScheduler(SHARED);
  assert.equal(storm(scheduler, (n) => `a/client-${n}`, 500).sent, 60);
});

Deno.test("the operator is told once which key has used up its share", () => {
  const { warnings } = storm(createScheduler(SHARED), () => "a/x", 500);
  assert.deepEqual(warnings, [
    "Key a has used up its share of invalid requests: 60 of 100 in 10 minutes, its failing routes are refused",
  ]);
});

Deno.test("what waits when its key's share is used up is refused, and holds up nobody's order", () => {
  const scheduler = createScheduler(SHARED);
  const path = "/channels/1/messages";
  const write = (caller: string) => askOf("POST", path, { caller });
  const first = write("a/x");
  const second = write("a/x");
  const third = write("b/x");
  for (const ask of [first, second, third]) scheduler.enqueue(ask, T);
  assert.deepEqual(scheduler.poll(T).leases, [first.id]);
  storm(scheduler, () => "a/x", 59);
  const report = reportOf(T + 20_000, { status: 403 });
  scheduler.settle(first.id, { kind: "answered", report }, T + 20_000);
  const { leases, refused } = scheduler.poll(T + 20_000);
  assert.deepEqual(refused.map(({ id, refused: { code } }) => [id, code]), [
    [second.id, "invalid_budget"],
  ]);
  const next = scheduler.poll(T + 20_000).leases;
  assert.deepEqual([...leases, ...next], [third.id]);
});
