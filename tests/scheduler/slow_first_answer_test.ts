import assert from "node:assert/strict";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import { askOf, enqueueAll, START_MS } from "./_builders.ts";

const CHANNELS = 100;

/** How many of a hundred channels' first messages have left while nobody answers. */
function leftAfter(ms: number): number {
  const scheduler = createScheduler({ globalLimitOf: () => 1_000 });
  enqueueAll(
    scheduler,
    Array.from(
      { length: CHANNELS },
      (_, n) => askOf("POST", `/channels/${n + 1}/messages`),
    ),
    START_MS,
  );
  let left = 0;
  let nowMs = START_MS;
  while (nowMs <= START_MS + ms) {
    const { leases, wakeAtMs } = scheduler.poll(nowMs);
    left += leases.length;
    nowMs = Math.max(wakeAtMs ?? Infinity, nowMs + 1);
  }
  return left;
}

Deno.test("of a route that nobody has seen an answer of two lines go first", () => {
  assert.equal(leftAfter(500), 2);
});

Deno.test("a hundred lines of a route whose first answers are slow have all left within six seconds", () => {
  assert.equal(leftAfter(6_000), CHANNELS);
});
