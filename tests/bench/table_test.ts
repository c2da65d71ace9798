import assert from "node:assert/strict";
import type { BenchCase } from "../../bench/bench_case.ts";
import { CASES } from "../../bench/cases.ts";
import type { Result } from "../../bench/measure.ts";
import { isReached, rowOf } from "../../bench/table.ts";

Deno.test("isReached() says no as soon as one thing is missing", () => {
  const limited = { user: 1, global: 0, shared: 0, cloudflare: 0 };
  assert.ok(isReached(resultOf({ tookMs: 1_030 })));
  assert.ok(!isReached(resultOf({ tookMs: 1_031 })));
  assert.ok(!isReached(resultOf({ isComplete: false })));
  assert.ok(!isReached(resultOf({ failed: new Map([[502, 1]]) })));
  assert.ok(!isReached(resultOf({ reordered: 1 })));
  assert.ok(!isReached(resultOf({ doubled: 1 })));
  assert.ok(!isReached(resultOf({ limited })));
});

Deno.test("isReached() lets 429s pass where a perfect client meets some", () => {
  const limited = { user: 1, global: 0, shared: 0, cloudflare: 0 };
  const benchCase = caseOf({ isQuiet: false });
  assert.ok(isReached(resultOf({ benchCase, limited })));
});

Deno.test("rowOf() marks a time-out as a lower bound", () => {
  const row = rowOf(resultOf({ tookMs: 5_000, isComplete: false }));
  assert.match(row, /> 5\.00 s .*> 5\.000 .*no/);
});

Deno.test("rowOf() names scopes and statuses with their counts", () => {
  const limited = { user: 2, global: 0, shared: 3, cloudflare: 0 };
  const failed = new Map([[502, 4]]);
  const row = rowOf(resultOf({ limited, failed }));
  assert.match(row, /4 x 502 .*2 user, 3 shared/);
});

function caseOf(change: Partial<BenchCase>): BenchCase {
  const [first] = CASES;
  assert.ok(first !== undefined);
  const numbers = { idealMs: 1_000, reach: 1.03, isQuiet: true };
  return { ...first, ...numbers, isOrdered: true, ...change };
}

function resultOf(change: Partial<Result>): Result {
  return {
    benchCase: caseOf({}),
    subject: "sluice",
    tookMs: 1_000,
    isComplete: true,
    failed: new Map(),
    limited: { user: 0, global: 0, shared: 0, cloudflare: 0 },
    reordered: 0,
    doubled: 0,
    ...change,
  };
}
