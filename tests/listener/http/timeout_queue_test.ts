import assert from "node:assert/strict";
import {
  type QueuedTimeout,
  TimeoutQueue,
} from "../../../rest/listener/http/timeout_queue.ts";
import { createManualClock } from "../../_manual_clock.ts";

function startLine(delayMs: number) {
  const clock = createManualClock();
  const line = new TimeoutQueue(clock, delayMs);
  const done: string[] = [];
  const add = (name: string): QueuedTimeout => {
    const delayed = delayedOf(() =>
      void done.push(`${name} at ${clock.nowMs()}`)
    );
    line.add(delayed);
    return delayed;
  };
  return { clock, line, done, add };
}

function delayedOf(act: () => void): QueuedTimeout {
  return { atMs: 0, next: undefined, previous: undefined, act };
}

Deno.test("each is done after the delay, in the order they came", async () => {
  const { clock, done, add } = startLine(100);
  add("a");
  await clock.advance(30);
  add("b");
  add("c");
  await clock.advance(500);
  assert.deepEqual(done, ["a at 100", "b at 130", "c at 130"]);
});

Deno.test("what is called off is not done, and holds nothing else up", async () => {
  const { clock, line, done, add } = startLine(100);
  const first = add("first");
  await clock.advance(10);
  add("second");
  line.remove(first);
  await clock.advance(500);
  assert.deepEqual(done, ["second at 110"]);
  assert.ok(line.isEmpty);
});

Deno.test("a thousand that come and go set one timer, and leave none behind", async () => {
  const { clock, line, add } = startLine(100);
  const stays = add("stays");
  for (let turn = 0; turn < 1_000; turn++) line.remove(add("goes"));
  assert.equal(clock.timersSet, 1);
  line.rest();
  assert.equal(clock.timerCount, 1);
  line.remove(stays);
  line.rest();
  assert.equal(clock.timerCount, 0);
  await clock.advance(500);
});

Deno.test("a timer whose burst is over rings once for nothing and stops", async () => {
  const { clock, line, add } = startLine(100);
  line.remove(add("goes"));
  assert.equal(clock.timerCount, 1);
  await clock.advance(100);
  assert.equal(clock.timerCount, 0);
});

Deno.test("one that is added while others are done waits its own delay", async () => {
  const { clock, line, done, add } = startLine(100);
  line.add(delayedOf(() => void add("inner")));
  await clock.advance(150);
  assert.deepEqual(done, []);
  await clock.advance(100);
  assert.deepEqual(done, ["inner at 200"]);
});

Deno.test("one that comes again when it is done does not hold up those behind it", async () => {
  const { clock, line, done, add } = startLine(100);
  line.add(delayedOf(() => void add("again")));
  await clock.advance(10);
  add("behind");
  await clock.advance(500);
  assert.deepEqual(done, ["behind at 110", "again at 200"]);
});

Deno.test("calling off what was done already changes nothing", async () => {
  const { clock, line, done, add } = startLine(100);
  const early = add("early");
  await clock.advance(50);
  add("late");
  await clock.advance(50);
  line.remove(early);
  await clock.advance(50);
  assert.deepEqual(done, ["early at 100", "late at 150"]);
});
