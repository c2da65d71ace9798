import assert from "node:assert/strict";
import { Watch, type Watched } from "../../rest/upstream/watch.ts";

/** Ten milliseconds are the shortest tick there is in service. */
const TICK_MS = 10;

function watchedOf(watch: Watch, ticksLeft: number) {
  const expired = Promise.withResolvers<void>();
  const watched: Watched = {
    ticksLeft,
    next: undefined,
    previous: undefined,
    expire() {
      watch.delete(watched);
      expired.resolve();
    },
  };
  watch.add(watched);
  return { watched, expired: expired.promise };
}

Deno.test("a watch never ends anything before its time", async () => {
  const watch = new Watch(TICK_MS);
  const startedAtMs = performance.now();
  await watchedOf(watch, watch.ticksOf(35)).expired;
  const tookMs = performance.now() - startedAtMs;
  assert.ok(tookMs >= 35, `${tookMs} ms`);
  watch.stop();
});

Deno.test("ticks are rounded up, with one for the part of a tick that is over", () => {
  const watch = new Watch(TICK_MS);
  assert.deepEqual([0, 1, 10, 11, 20].map((ms) => watch.ticksOf(ms)), [
    ...[1, 2, 2, 3, 3],
  ]);
});

Deno.test("progress buys time, and who leaves is not ended", async () => {
  const watch = new Watch(TICK_MS);
  const order: string[] = [];
  const early = watchedOf(watch, 2);
  const late = watchedOf(watch, 2);
  const gone = watchedOf(watch, 1);
  watch.delete(gone.watched);
  late.watched.ticksLeft = 4;
  await Promise.all([
    early.expired.then(() => order.push("early")),
    late.expired.then(() => order.push("late")),
  ]);
  assert.deepEqual(order, ["early", "late"]);
  assert.equal(watch.size, 0);
  watch.stop();
});

Deno.test("who leaves as another is ended is not ended in the same tick", async () => {
  const watch = new Watch(TICK_MS);
  const ended: string[] = [];
  const other: Watched = {
    ticksLeft: 1,
    next: undefined,
    previous: undefined,
    expire: () => void ended.push("other"),
  };
  const { promise: isOver, resolve: over } = Promise.withResolvers<void>();
  const one: Watched = {
    ...other,
    expire() {
      ended.push("one");
      watch.delete(one);
      watch.delete(other);
      over();
    },
  };
  watch.add(one);
  watch.add(other);
  await isOver;
  await watchedOf(watch, 2).expired;
  assert.deepEqual(ended, ["one"]);
  watch.stop();
});

Deno.test("a watch that was empty for a while watches again", async () => {
  const watch = new Watch(TICK_MS);
  await watchedOf(watch, 1).expired;
  await watchedOf(watch, 3).expired;
  watch.stop();
});
