import assert from "node:assert/strict";
import { GlobalLimit } from "../../rest/scheduler/global_limit.ts";
import { fc } from "../deps.ts";

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
  const limit = new GlobalLimit(1, 0);
  limit.take(0);
  assert.equal(limit.freeAtMs(1_049), 1_050);
  assert.equal(limit.freeAtMs(1_050), 0);
});

Deno.test("GlobalLimit waits for a known arrival, however long before that the request left", () => {
  const limit = new GlobalLimit(1, 0);
  limit.answered(limit.take(0), 300, 200);
  assert.equal(limit.freeAtMs(1_199), 1_200);
  assert.equal(limit.freeAtMs(1_200), 0);
});

Deno.test("GlobalLimit goes by the start where a slow answer does not tell the arrival", () => {
  const limit = new GlobalLimit(1, 0);
  limit.answered(limit.take(0), 300, undefined);
  assert.equal(limit.freeAtMs(1_049), 1_050);
  assert.equal(limit.freeAtMs(1_050), 0);
});

Deno.test("GlobalLimit widens its margin to the spread of latencies seen", () => {
  const limit = new GlobalLimit(64, 0);
  for (let index = 0; index < 64; index++) {
    const answeredAtMs = index < 32 ? 20 : 320;
    limit.answered(limit.take(0), answeredAtMs, answeredAtMs);
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
