import assert from "node:assert/strict";
import {
  GlobalCounter,
  type GlobalNumbers,
  type WindowKind,
} from "../../../sim/model/global_limit.ts";
import { fc } from "../../deps.ts";

function numbersOf(window: WindowKind, limit = 50): GlobalNumbers {
  return { limit, periodMs: 1_000, window };
}

/** Sends at these times; returns the times at which it was let through. */
function passedOf(
  window: WindowKind,
  times: readonly number[],
  limit = 50,
  offsetMs = 0,
): number[] {
  const counter = new GlobalCounter();
  const numbers = numbersOf(window, limit);
  return times.filter((atMs) => {
    if (counter.waitMs(numbers, atMs, offsetMs) > 0) return false;
    counter.take(numbers, atMs, offsetMs);
    return true;
  });
}

const at = (atMs: number, count: number) => Array<number>(count).fill(atMs);

Deno.test("windows from the first request let 100 through across their border", () => {
  const times = [300, ...at(1_299, 49), ...at(1_300, 51)];
  assert.equal(passedOf("fixed_first", times).length, 100);
});

Deno.test("windows on the server's clock turn at its whole seconds", () => {
  const times = [...at(900, 51), ...at(1_000, 51)];
  assert.equal(passedOf("fixed_clock", times).length, 100);
});

Deno.test("windows on the server's clock move with its offset", () => {
  const times = [...at(900, 51), ...at(1_000, 51)];
  assert.equal(passedOf("fixed_clock", times, 50, 500).length, 50);
  assert.equal(
    passedOf("fixed_clock", [...at(499, 50), 500], 50, 500).length,
    51,
  );
});

Deno.test("a sliding window holds every 50 apart by a whole second", () => {
  const times = [...at(900, 51), ...at(1_899, 1), ...at(1_900, 51)];
  const passed = passedOf("sliding", times);
  assert.equal(passed.length, 100);
  assert.equal(passed[50], 1_900);
});

Deno.test("the wait that is told is exactly the time to the next turn", () => {
  for (
    const [window, waitMs] of [
      ["fixed_first", 600],
      ["fixed_clock", 300],
      ["sliding", 600],
    ] as const
  ) {
    const counter = new GlobalCounter();
    const numbers = numbersOf(window);
    for (const atMs of at(10_300, 50)) counter.take(numbers, atMs, 0);
    assert.equal(counter.waitMs(numbers, 10_700, 0), waitMs, window);
  }
});

Deno.test("no window of the global limit, whatever its kind, admits more than the limit", () => {
  const anyTimes = fc.array(fc.integer({ min: 0, max: 120 }), {
    maxLength: 400,
    size: "max",
  }).map((gaps) => {
    let now = 5_000;
    return gaps.map((gap) => now += gap > 100 ? gap * 8 : gap % 12);
  });
  fc.assert(
    fc.property(
      anyTimes,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: -5_000, max: 5_000 }),
      (times, limit, offsetMs) => {
        for (const first of passedOf("sliding", times, limit)) {
          const inSecond = passedOf("sliding", times, limit)
            .filter((each) => each >= first && each < first + 1_000);
          assert.ok(inSecond.length <= limit);
        }
        const seconds = new Map<number, number>();
        for (const each of passedOf("fixed_clock", times, limit, offsetMs)) {
          const second = Math.floor((each + offsetMs) / 1_000);
          seconds.set(second, (seconds.get(second) ?? 0) + 1);
        }
        for (const count of seconds.values()) assert.ok(count <= limit);
        let startMs = -Infinity;
        let used = 0;
        for (const each of passedOf("fixed_first", times, limit)) {
          if (each >= startMs + 1_000) {
            startMs = each;
            used = 0;
          }
          assert.ok(++used <= limit);
        }
      },
    ),
    { seed: 20265, numRuns: 60 },
  );
});
