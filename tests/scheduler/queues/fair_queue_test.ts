import assert from "node:assert/strict";
import type { Urgency } from "../../../rest/domain/urgency.ts";
import { Callers } from "../../../rest/scheduler/queues/callers.ts";
import {
  type FairEntry,
  FairQueue,
} from "../../../rest/scheduler/queues/fair_queue.ts";
import { createRandom } from "../../../sim/model/random.ts";

const callers = new Callers();

Deno.test("FairQueue serves the more urgent first while both wait", () => {
  const queue = queueOf([["low", 7, "a", 0], ["high", 0, "a", 1]]);
  assert.deepEqual(drain(queue), ["high", "low"]);
});

Deno.test("FairQueue serves one caller alone in the order of arrival", () => {
  const queue = queueOf([["1", 3, "a", 0], ["2", 3, "a", 1], ["3", 3, "a", 2]]);
  assert.deepEqual(drain(queue), ["1", "2", "3"]);
});

Deno.test("FairQueue takes callers in turn within one urgency", () => {
  const queue = queueOf([
    ["a1", 3, "a", 0],
    ["a2", 3, "a", 0],
    ["a3", 3, "a", 0],
    ["b1", 3, "b", 0],
    ["b2", 3, "b", 0],
  ]);
  assert.deepEqual(drain(queue), ["a1", "b1", "a2", "b2", "a3"]);
});

Deno.test("FairQueue does not let a newcomer make up for turns it was not there for", () => {
  const queue = queueOf([["a1", 3, "a", 0], ["a2", 3, "a", 0], [
    "a3",
    3,
    "a",
    0,
  ]]);
  drainOne(queue);
  drainOne(queue);
  queue.push("b1", 3, callers.of("b"), 0);
  queue.push("b2", 3, callers.of("b"), 0);
  assert.deepEqual(drain(queue), ["a3", "b1", "b2"]);
});

Deno.test("FairQueue serves a fresh 0 before what has waited for a minute at 1", () => {
  const queue = queueOf([["old", 1, "a", 0], ["new", 0, "b", 60_000]]);
  assert.equal(queue.peek()?.value, "new");
  assert.equal(queue.peekPassedOver()?.value, "old");
});

Deno.test("FairQueue passes nothing over that came after what is next at a higher urgency", () => {
  const queue = queueOf([["urgent", 0, "a", 5], ["later", 3, "b", 5]]);
  assert.equal(queue.peekPassedOver(), undefined);
});

Deno.test("FairQueue passes nothing over whose own key has something older at a higher urgency", () => {
  const queue = queueOf([
    ["b urgent", 0, "b", 9],
    ["a urgent", 0, "a", 1],
    ["a later", 3, "a", 2],
  ]);
  assert.equal(queue.peekPassedOver(), undefined);
});

Deno.test("FairQueue names the one passed over that has waited longest", () => {
  const queue = queueOf([
    ["urgent", 0, "a", 9],
    ["3", 3, "b", 2],
    ["5", 5, "c", 1],
  ]);
  assert.equal(queue.peekPassedOver()?.value, "5");
});

Deno.test("FairQueue.pushFront() puts a retried entry before its urgency's others", () => {
  const queue = queueOf([["1", 3, "a", 0], ["2", 3, "a", 0]]);
  queue.pushFront("again", 3, callers.of("a"), 0, 0);
  assert.deepEqual(drain(queue), ["again", "1", "2"]);
});

Deno.test("FairQueue.pushFront() keeps retried entries in the order they came in", () => {
  const queue = queueOf([["1", 3, "a", 0]]);
  for (const [value, again] of [["y", 2], ["x", 1], ["z", 3]] as const) {
    queue.pushFront(value, 3, callers.of("a"), 0, again);
  }
  assert.deepEqual(drain(queue), ["x", "y", "z", "1"]);
});

Deno.test("FairQueue gives a key no more turns for the callers it invents", () => {
  const queue = new FairQueue<string>();
  for (let n = 0; n < 20; n++) {
    queue.push(`a${n}`, 3, callers.of(`a/client-${n}`), 0);
  }
  for (const value of ["b1", "b2", "b3"]) {
    queue.push(value, 3, callers.of("b/x"), 0);
  }
  const first = drain(queue).slice(0, 6);
  assert.deepEqual(first, ["a0", "b1", "a1", "b2", "a2", "b3"]);
});

Deno.test("FairQueue takes the callers of one key in turn, each in the order of arrival", () => {
  const queue = queueOf([
    ["x1", 3, "a/x", 0],
    ["x2", 3, "a/x", 0],
    ["b1", 3, "b", 0],
    ["y1", 3, "a/y", 0],
    ["b2", 3, "b", 0],
    ["b3", 3, "b", 0],
  ]);
  assert.deepEqual(drain(queue), ["x1", "b1", "y1", "b2", "x2", "b3"]);
});

Deno.test("FairQueue remembers no caller that has nothing left, whoever keeps the queue alive", () => {
  const queue = queueOf([["stays", 3, "a", 0]]);
  for (let n = 0; n < 1_000; n++) {
    queue.remove(queue.push("gone", 3, callers.of(`a/${n}`), 0));
    queue.remove(queue.push("gone", 3, callers.of(`b${n}/x`), 0));
  }
  assert.equal(queue.callerCount, 1);
  assert.equal(queue.size, 1);
});

Deno.test("FairQueue finds each of a thousand callers of one key again", () => {
  const queue = new FairQueue<string>();
  const names = Array.from({ length: 1_000 }, (_, n) => `a/${n}`);
  for (const name of [...names, ...names]) {
    queue.push(name, 3, callers.of(name), 0);
  }
  assert.equal(queue.callerCount, 1_000);
  assert.deepEqual(drain(queue), [...names, ...names]);
  assert.equal(queue.callerCount, 0);
});

Deno.test("FairQueue agrees with a plain list of entries, whatever is put in and taken out", () => {
  const random = createRandom(7);
  const names = ["a/x", "a/y", "a/z", "b/x", "c"];
  const queue = new FairQueue<number>();
  const entries = new Map<number, FairEntry<number>>();
  const perCaller = new Map(names.map((name) => [name, [] as number[]]));
  for (let value = 0; value < 5_000; value++) {
    const name = names[Math.floor(random() * names.length)] as string;
    entries.set(value, queue.push(value, 3, callers.of(name), 0));
    perCaller.get(name)?.push(value);
    while (random() < 0.49) {
      const served = random() < 0.5
        ? queue.peek()
        : entries.get(Math.floor(random() * value));
      if (served === undefined) continue;
      const own = perCaller.get(served.caller.name) ?? [];
      if (served === queue.peek()) assert.equal(own[0], served.value);
      queue.remove(served);
      entries.delete(served.value);
      own.splice(own.indexOf(served.value), 1);
    }
    assert.equal(queue.size, entries.size);
    for (const [caller, own] of perCaller) {
      assert.equal(queue.countOf(callers.of(caller), 3), own.length);
    }
  }
});

type Row = [value: string, urgency: Urgency, caller: string, sinceMs: number];

function queueOf(rows: Row[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const [value, urgency, caller, sinceMs] of rows) {
    queue.push(value, urgency, callers.of(caller), sinceMs);
  }
  return queue;
}

function drainOne(queue: FairQueue<string>): string | undefined {
  const entry = queue.peek();
  if (entry !== undefined) queue.remove(entry);
  return entry?.value;
}

function drain(queue: FairQueue<string>): string[] {
  const values: string[] = [];
  for (;;) {
    const value = drainOne(queue);
    if (value === undefined) return values;
    values.push(value);
  }
}
