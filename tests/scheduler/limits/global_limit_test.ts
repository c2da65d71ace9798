import assert from "node:assert/strict";
import { GlobalLimit } from "../../../rest/scheduler/limits/global_limit.ts";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import { fc } from "../../deps.ts";
import { askOf, enqueueAll, START_MS } from "../_builders.ts";

Deno.test("GlobalLimit gives a token back one second after the answer that used it", () => {
  const limit = new GlobalLimit(1, 0);
  const permit = limit.take(0);
  limit.answered(permit, 30, 30);
  assert.equal(limit.freeAtMs(1_029), 1_030);
  assert.equal(limit.freeAtMs(1_030), 0);
});

Deno.test("GlobalLimit gives a token back one second after its arrival, where the answer tells it", () => {
  const limit = new GlobalLimit(1, 0);
  limit.answered(limit.take(0), 70, 25);
  assert.equal(limit.freeAtMs(1_024), 1_025);
  assert.equal(limit.freeAtMs(1_025), 0);
});

Deno.test("GlobalLimit gives a token back 1.05 s after its start while its answer is out", () => {
  const limit = warmLimit(1);
  limit.take(T);
  assert.equal(limit.freeAtMs(T + 1_049), T + 1_050);
  assert.equal(limit.freeAtMs(T + 1_050), 0);
});

Deno.test("GlobalLimit gives a token back 2 s after its start before it has seen any answer", () => {
  const limit = new GlobalLimit(1, 0);
  limit.take(0);
  assert.equal(limit.freeAtMs(1_999), 2_000);
  assert.equal(limit.freeAtMs(2_000), 0);
});

Deno.test("GlobalLimit takes no crowd of slow answers in a cold process for the way it is", () => {
  const limit = new GlobalLimit(50, 0);
  // All of them are 900 ms late, as one; the next may be there at once.
  for (let index = 0; index < 48; index++) {
    limit.answered(limit.take(0), 900, undefined);
  }
  assert.equal(limit.marginMs, 900);
});

Deno.test("GlobalLimit remembers how fast the way can be through a stall of many answers", () => {
  const limit = warmLimit(1_000);
  for (let index = 0; index < 900; index++) {
    limit.answered(limit.take(T), T + 700, undefined);
  }
  assert.equal(limit.marginMs, 700 - FAST_MS);
});

Deno.test("GlobalLimit waits for a known arrival, however long before that the request left", () => {
  const limit = new GlobalLimit(1, 0);
  limit.answered(limit.take(0), 300, 200);
  assert.equal(limit.freeAtMs(1_199), 1_200);
  assert.equal(limit.freeAtMs(1_200), 0);
});

Deno.test("GlobalLimit goes by the start where a slow answer does not tell the arrival", () => {
  const limit = warmLimit(1);
  limit.answered(limit.take(T), T + 300, undefined);
  assert.equal(limit.freeAtMs(T + 1_049), T + 1_050);
  assert.equal(limit.freeAtMs(T + 1_050), 0);
});

Deno.test("GlobalLimit widens its margin to the spread of latencies seen", () => {
  const limit = warmLimit(64);
  for (let index = 0; index < 64; index++) {
    const answeredAtMs = T + (index < 32 ? FAST_MS : FAST_MS + 300);
    limit.answered(limit.take(T), answeredAtMs, answeredAtMs);
  }
  assert.equal(limit.marginMs, 300);
});

Deno.test("GlobalLimit counts half as spent until the moment it is given", () => {
  const limit = new GlobalLimit(10, 1_000);
  for (let index = 0; index < 5; index++) limit.take(0);
  assert.equal(limit.freeAtMs(0), 1_000);
  assert.equal(limit.freeAtMs(1_000), 0);
});

Deno.test("GlobalLimit never lets more than its limit arrive within a second, wherever the second begins", () => {
  const way = fc.tuple(
    fc.integer({ min: 0, max: 50 }),
    fc.integer({ min: 0, max: 400 }),
    fc.integer({ min: 0, max: 30 }),
  );
  fc.assert(
    fc.property(fc.array(way, { minLength: 20, maxLength: 200 }), (ways) => {
      const arrivals = arrivalsUnder(new GlobalLimit(5, 0), ways);
      for (let index = 5; index < arrivals.length; index++) {
        const span = (arrivals[index] ?? 0) - (arrivals[index - 5] ?? 0);
        assert.ok(span >= 1_000, `6 arrivals within ${span} ms`);
      }
    }),
    { seed: 11 },
  );
});

const T = 1_000_000;
const FAST_MS = 20;

/** A limit that has seen enough answers to know how fast they can be; all its tokens are back at `T`. */
function warmLimit(limit: number): GlobalLimit {
  const warm = new GlobalLimit(limit, 0);
  for (let index = 0; index < 256; index++) {
    const nowMs = index * 2_000;
    warm.answered(warm.take(nowMs), nowMs + FAST_MS, nowMs);
  }
  assert.equal(warm.used(T), 0);
  return warm;
}

/** Sends one request after another as early as allowed; way in is at most the least margin. */
function arrivalsUnder(
  limit: GlobalLimit,
  ways: ReadonlyArray<[inMs: number, outMs: number, gapMs: number]>,
): number[] {
  const answers: { atMs: number; settle: () => void }[] = [];
  const arrivals: number[] = [];
  let nowMs = 0;
  for (const [inMs, outMs, gapMs] of ways) {
    nowMs += gapMs;
    for (;;) {
      answers.sort((a, b) => a.atMs - b.atMs);
      while ((answers[0]?.atMs ?? Infinity) <= nowMs) answers.shift()?.settle();
      const freeAtMs = limit.freeAtMs(nowMs);
      if (freeAtMs === 0) break;
      nowMs = Math.min(freeAtMs, answers[0]?.atMs ?? Infinity);
    }
    const permit = limit.take(nowMs);
    const atMs = nowMs + inMs + outMs;
    answers.push({
      atMs,
      settle: () => limit.answered(permit, atMs, nowMs + inMs),
    });
    arrivals.push(nowMs + inMs);
  }
  return arrivals.sort((a, b) => a - b);
}

Deno.test("a global limit that is raised under way lets more go at once", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 2 });
  const asks = Array.from(
    { length: 8 },
    (_, n) => askOf("GET", `/channels/1/${"abcdefgh"[n]}`),
  );
  enqueueAll(scheduler, asks, START_MS);
  assert.equal(scheduler.poll(START_MS).leases.length, 2);
  scheduler.setGlobalLimit("bot:1", 6);
  assert.equal(scheduler.poll(START_MS + 1).leases.length, 4);
});
