import assert from "node:assert/strict";
import { type Timed, Timeouts } from "../../rest/upstream/timeouts.ts";

/** Ten milliseconds are the shortest tick there is in service. */
const TICK_MS = 10;

function timedOf(timeouts: Timeouts, ticksLeft: number) {
  const expired = Promise.withResolvers<void>();
  const timed: Timed = {
    ticksLeft,
    next: undefined,
    previous: undefined,
    expire() {
      timeouts.delete(timed);
      expired.resolve();
    },
  };
  timeouts.add(timed);
  return { timed, expired: expired.promise };
}

Deno.test("nothing times out before its time", async () => {
  const timeouts = new Timeouts(TICK_MS);
  const startedAtMs = performance.now();
  await timedOf(timeouts, timeouts.ticksOf(35)).expired;
  const tookMs = performance.now() - startedAtMs;
  assert.ok(tookMs >= 35, `${tookMs} ms`);
  timeouts.stop();
});

Deno.test("ticks are rounded up, with one for the part of a tick that is over", () => {
  const timeouts = new Timeouts(TICK_MS);
  assert.deepEqual([0, 1, 10, 11, 20].map((ms) => timeouts.ticksOf(ms)), [
    ...[1, 2, 2, 3, 3],
  ]);
});

Deno.test("progress buys time, and who leaves is not ended", async () => {
  const timeouts = new Timeouts(TICK_MS);
  const order: string[] = [];
  const early = timedOf(timeouts, 2);
  const late = timedOf(timeouts, 2);
  const gone = timedOf(timeouts, 1);
  timeouts.delete(gone.timed);
  late.timed.ticksLeft = 4;
  await Promise.all([
    early.expired.then(() => order.push("early")),
    late.expired.then(() => order.push("late")),
  ]);
  assert.deepEqual(order, ["early", "late"]);
  assert.equal(timeouts.size, 0);
  timeouts.stop();
});

Deno.test("who leaves as another is ended is not ended in the same tick", async () => {
  const timeouts = new Timeouts(TICK_MS);
  const ended: string[] = [];
  const other: Timed = {
    ticksLeft: 1,
    next: undefined,
    previous: undefined,
    expire: () => void ended.push("other"),
  };
  const { promise: isOver, resolve: over } = Promise.withResolvers<void>();
  const one: Timed = {
    ...other,
    expire() {
      ended.push("one");
      timeouts.delete(one);
      timeouts.delete(other);
      over();
    },
  };
  timeouts.add(one);
  timeouts.add(other);
  await isOver;
  await timedOf(timeouts, 2).expired;
  assert.deepEqual(ended, ["one"]);
  timeouts.stop();
});

Deno.test("a new item is timed after a while without any", async () => {
  const timeouts = new Timeouts(TICK_MS);
  await timedOf(timeouts, 1).expired;
  await timedOf(timeouts, 3).expired;
  timeouts.stop();
});
