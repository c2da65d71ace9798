import assert from "node:assert/strict";
import { WaitHistory } from "../../rest/scheduler/wait_history.ts";

Deno.test("a history tells which reason lasted longest between two moments", () => {
  const history = new WaitHistory();
  history.note("first_answer", 0);
  history.note("bucket", 100);
  history.note("order", 400);
  history.note("bucket", 500);
  assert.equal(history.longest(0, 600), "bucket");
  assert.equal(history.longest(0, 150), "first_answer");
  assert.equal(history.longest(390, 510), "order");
  assert.equal(history.longest(600, 600), undefined);
});

Deno.test("what a line waited for no time at all is no reason", () => {
  const history = new WaitHistory();
  history.note("bucket", 0);
  history.note("turn", 100);
  history.note("rate_limited", 100);
  assert.equal(history.longest(0, 1_000), "rate_limited");
  assert.equal(history.longest(0, 150), "bucket");
});

Deno.test("time in which nothing waited counts for no reason", () => {
  const history = new WaitHistory();
  history.note("order", 0);
  history.note(undefined, 10);
  history.note("bucket", 900);
  assert.equal(history.longest(0, 905), "order");
});

Deno.test("a history keeps its last 32 changes", () => {
  const history = new WaitHistory();
  history.note("token", 0);
  for (let at = 1; at <= 32; at++) {
    history.note(at % 2 === 0 ? "bucket" : "order", 1_000 + at);
  }
  assert.notEqual(history.longest(0, 1_040), "token");
});
