import assert from "node:assert/strict";
import type { Urgency } from "../../rest/domain/request.ts";
import { FairQueue } from "../../rest/scheduler/fair_queue.ts";

Deno.test("FairQueue serves the more urgent first while both wait", () => {
  const queue = queueOf([["low", 7, "a", 0], ["high", 0, "a", 1]]);
  assert.deepEqual(drain(queue, 1), ["high", "low"]);
});

Deno.test("FairQueue serves one caller alone in the order of arrival", () => {
  const queue = queueOf([["1", 3, "a", 0], ["2", 3, "a", 1], ["3", 3, "a", 2]]);
  assert.deepEqual(drain(queue, 3), ["1", "2", "3"]);
});

Deno.test("FairQueue takes callers in turn within one urgency", () => {
  const queue = queueOf([
    ["a1", 3, "a", 0],
    ["a2", 3, "a", 0],
    ["a3", 3, "a", 0],
    ["b1", 3, "b", 0],
    ["b2", 3, "b", 0],
  ]);
  assert.deepEqual(drain(queue, 0), ["a1", "b1", "a2", "b2", "a3"]);
});

Deno.test("FairQueue does not let a newcomer make up for turns it was not there for", () => {
  const queue = queueOf([["a1", 3, "a", 0], ["a2", 3, "a", 0], [
    "a3",
    3,
    "a",
    0,
  ]]);
  drainOne(queue, 0);
  drainOne(queue, 0);
  queue.push("b1", 3, "b", 0);
  queue.push("b2", 3, "b", 0);
  assert.deepEqual(drain(queue, 0), ["a3", "b1", "b2"]);
});

Deno.test("FairQueue lets one that waited 14 s at urgency 7 pass a fresh 0", () => {
  const queue = queueOf([["old", 7, "a", 0], ["new", 0, "b", 13_999]]);
  assert.equal(queue.peek(13_999)?.value, "new");
  assert.equal(queue.peek(14_000)?.value, "old");
});

Deno.test("FairQueue.pushFront() puts a retried entry before its urgency's others", () => {
  const queue = queueOf([["1", 3, "a", 0], ["2", 3, "a", 0]]);
  queue.pushFront("again", 3, "a", 0);
  assert.deepEqual(drain(queue, 0), ["again", "1", "2"]);
});

type Row = [value: string, urgency: Urgency, caller: string, sinceMs: number];

function queueOf(rows: Row[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const row of rows) queue.push(...row);
  return queue;
}

function drainOne(
  queue: FairQueue<string>,
  nowMs: number,
): string | undefined {
  const entry = queue.peek(nowMs);
  if (entry !== undefined) queue.remove(entry);
  return entry?.value;
}

function drain(queue: FairQueue<string>, nowMs: number): string[] {
  const values: string[] = [];
  for (;;) {
    const value = drainOne(queue, nowMs);
    if (value === undefined) return values;
    values.push(value);
  }
}
