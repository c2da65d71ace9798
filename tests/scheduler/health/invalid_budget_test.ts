import assert from "node:assert/strict";
import { InvalidBudget } from "../../../rest/scheduler/health/invalid_budget.ts";

Deno.test("InvalidBudget lets everything go below its near mark", () => {
  const budget = budgetWith(7);
  assert.ok(budget.allows("failing", 0));
});

Deno.test("InvalidBudget near its ceiling holds failing routes and lets others go", () => {
  const budget = budgetWith(8);
  assert.ok(!budget.allows("failing", 0));
  assert.ok(budget.allows("sound", 0));
});

Deno.test("InvalidBudget at its ceiling holds every route", () => {
  assert.ok(budgetWith(9).allows("sound", 0));
  assert.ok(!budgetWith(10).allows("sound", 0));
});

Deno.test("InvalidBudget forgets an answer ten minutes later, not before", () => {
  const budget = budgetWith(10);
  assert.equal(budget.count(599_999), 10);
  assert.equal(budget.count(budget.easesAtMs(0)), 0);
  assert.ok(budget.easesAtMs(0) <= 601_000);
});

Deno.test("InvalidBudget counts a sliding window, slot by slot", () => {
  const budget = new InvalidBudget(100);
  for (let second = 0; second < 1_500; second++) {
    budget.note("r", second * 1_000);
    assert.ok(budget.count(second * 1_000) <= 601);
  }
  assert.equal(budget.count(1_499_000), 601);
});

Deno.test("InvalidBudget is empty again after a pause longer than its window", () => {
  const budget = budgetWith(10);
  assert.equal(budget.count(10_000_000), 0);
});

/** A budget of 10 with `count` failures of one route at time 0. */
function budgetWith(count: number): InvalidBudget {
  const budget = new InvalidBudget(10);
  for (let index = 0; index < count; index++) budget.note("failing", 0);
  return budget;
}
