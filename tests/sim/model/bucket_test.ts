import assert from "node:assert/strict";
import {
  type BucketNumbers,
  type BucketState,
  EARLY_MS,
  isFull,
  judge,
  type Verdict,
} from "../../../sim/model/bucket.ts";
import { fc } from "../../deps.ts";

const NOW_MS = 1_777_600_000_000;

/** Sends requests at these times (after `NOW_MS`) and returns what each was told. */
function send(numbers: BucketNumbers, atMs: readonly number[]): Verdict[] {
  let state: BucketState | undefined;
  return atMs.map((at) => {
    const verdict = judge(state, numbers, NOW_MS + at);
    if (verdict.isAllowed) state = verdict.next;
    return verdict;
  });
}

const FIVE: BucketNumbers = { limit: 5, periodMs: 5_000, kind: "sliding" };
const TEN: BucketNumbers = { limit: 10, periodMs: 10_000, kind: "fixed" };

for (
  const [limit, periodMs, resetAfterMs] of [
    [5, 5_000, 1_000],
    [3, 1_000, 1_000 / 3],
    [30, 120_000, 4_000],
    [2_000, 600_000, 300],
  ] as const
) {
  Deno.test(`a first hit on ${limit} per ${periodMs} ms, sliding, is told one token's time`, () => {
    const [first] = send({ limit, periodMs, kind: "sliding" }, [0]);
    assert.equal(first?.remaining, limit - 1);
    assert.ok(Math.abs((first?.resetAfterMs ?? 0) - resetAfterMs) < 0.001);
  });
}

Deno.test("a sliding bucket gives its whole limit at once, and the next token after one interval", () => {
  const verdicts = send(FIVE, [0, 0, 0, 0, 0, 0, 998, 1_000, 1_000]);
  assert.deepEqual(
    verdicts.map(({ isAllowed }) => isAllowed),
    [true, true, true, true, true, false, false, true, false],
  );
  assert.deepEqual(
    verdicts.slice(0, 5).map(({ remaining }) => remaining),
    [4, 3, 2, 1, 0],
  );
});

Deno.test("twelve messages at once and then at every token end at 7 s", () => {
  let state: BucketState | undefined;
  let atMs = NOW_MS;
  for (let sent = 0; sent < 12;) {
    const verdict = judge(state, FIVE, atMs);
    if (verdict.isAllowed) {
      state = verdict.next;
      sent++;
    } else {
      atMs += verdict.retryAfterMs;
    }
  }
  assert.equal(atMs - NOW_MS, 7_000);
});

Deno.test("a refused sliding request is told one token, and a Reset that a full bucket takes", () => {
  const refused = send(FIVE, [0, 0, 0, 0, 0, 400]).at(-1);
  assert.equal(refused?.retryAfterMs, 600);
  assert.equal(refused?.resetAfterMs, 4_600);
  assert.equal(refused?.resetAtMs, NOW_MS + 5_000);
  assert.equal(refused?.remaining, 0);
});

Deno.test("a refused request spends nothing", () => {
  const verdicts = send(FIVE, [0, 0, 0, 0, 0, 10, 20, 30, 1_000]);
  assert.ok(verdicts.at(-1)?.isAllowed);
});

Deno.test("Reset moves on by one token in a sliding bucket and stands still in a fixed one", () => {
  const sliding = send(FIVE, [0, 100, 200]);
  assert.deepEqual(sliding.map(({ resetAtMs }) => resetAtMs - NOW_MS), [
    1_000,
    2_000,
    3_000,
  ]);
  const fixed = send(TEN, [0, 100, 200]);
  assert.deepEqual(fixed.map(({ resetAtMs }) => resetAtMs - NOW_MS), [
    10_000,
    10_000,
    10_000,
  ]);
});

Deno.test("a fixed bucket of 10 per 10 s lets 25 through by 20 s", () => {
  const ten = Array<number>(10).fill(0);
  const verdicts = send(TEN, [
    ...ten,
    0,
    9_998,
    ...ten.map(() => 10_000),
    19_998,
    ...ten.slice(5).map(() => 20_000),
  ]);
  const allowed = verdicts.filter(({ isAllowed }) => isAllowed);
  assert.equal(allowed.length, 25);
  assert.equal(verdicts[10]?.retryAfterMs, 10_000);
  assert.equal(verdicts[11]?.retryAfterMs, 2);
});

Deno.test("a request may come early by the resolution of the headers, not by more", () => {
  const atMs = (early: number) => [0, 0, 0, 0, 0, 1_000 - early];
  assert.ok(send(FIVE, atMs(EARLY_MS)).at(-1)?.isAllowed);
  assert.ok(!send(FIVE, atMs(EARLY_MS + 0.01)).at(-1)?.isAllowed);
});

Deno.test("a change of kind starts the bucket anew", () => {
  const { next } = judge(undefined, FIVE, NOW_MS);
  const verdict = judge(next, TEN, NOW_MS);
  assert.equal(verdict.remaining, 9);
});

Deno.test("isFull() says when forgetting a bucket changes nothing", () => {
  const { next } = judge(undefined, FIVE, NOW_MS);
  assert.ok(!isFull(next, NOW_MS + 999));
  assert.ok(isFull(next, NOW_MS + 1_000));
});

const anyTimes = fc.array(fc.integer({ min: 0, max: 2_000 }), {
  minLength: 1,
  maxLength: 300,
  size: "max",
}).map((gaps) => {
  let at = 0;
  return gaps.map((gap) => at += gap % 7 === 0 ? gap : gap % 50);
});

const anyNumbers = fc.record({
  limit: fc.integer({ min: 1, max: 60 }),
  periodMs: fc.integer({ min: 100, max: 60_000 }),
});

Deno.test("a sliding bucket never admits more than its limit and one per token in any span", () => {
  fc.assert(
    fc.property(anyTimes, anyNumbers, (times, { limit, periodMs }) => {
      const verdicts = send({ limit, periodMs, kind: "sliding" }, times);
      const passed = times.filter((_, i) => verdicts[i]?.isAllowed);
      const tokenMs = periodMs / limit;
      for (let i = 0; i < passed.length; i++) {
        for (let j = i; j < passed.length; j++) {
          const spanMs = (passed[j] ?? 0) - (passed[i] ?? 0) + EARLY_MS;
          assert.ok(j - i + 1 <= limit + spanMs / tokenMs + 1e-6);
        }
      }
    }),
    { seed: 20261, numRuns: 200 },
  );
});

Deno.test("a fixed bucket never admits more than its limit in one window", () => {
  fc.assert(
    fc.property(anyTimes, anyNumbers, (times, { limit, periodMs }) => {
      const verdicts = send({ limit, periodMs, kind: "fixed" }, times);
      const windows = new Map<number, number>();
      for (const { isAllowed, resetAtMs } of verdicts) {
        if (!isAllowed) continue;
        windows.set(resetAtMs, (windows.get(resetAtMs) ?? 0) + 1);
      }
      for (const count of windows.values()) assert.ok(count <= limit);
    }),
    { seed: 20262, numRuns: 200 },
  );
});

Deno.test("whoever waits out `retryAfterMs` is let through, and a millisecond less is not enough", () => {
  fc.assert(
    fc.property(
      anyTimes,
      anyNumbers,
      fc.constantFrom("sliding", "fixed"),
      (times, numbers, kind) => {
        let state: BucketState | undefined;
        for (const at of times) {
          const verdict = judge(state, { ...numbers, kind }, at);
          if (verdict.isAllowed) {
            state = verdict.next;
            continue;
          }
          const wait = (ms: number) =>
            judge(state, { ...numbers, kind }, at + ms).isAllowed;
          assert.ok(wait(verdict.retryAfterMs));
          assert.ok(!wait(verdict.retryAfterMs - EARLY_MS - 0.01));
        }
      },
    ),
    { seed: 20263, numRuns: 200 },
  );
});

Deno.test("Remaining says how many more would pass at the same moment", () => {
  fc.assert(
    fc.property(
      anyTimes,
      anyNumbers,
      fc.constantFrom("sliding", "fixed"),
      (times, numbers, kind) => {
        let state: BucketState | undefined;
        for (const at of times) {
          const verdict = judge(state, { ...numbers, kind }, at);
          if (!verdict.isAllowed) continue;
          state = verdict.next;
          let more = 0;
          let probe: BucketState = state;
          for (; more <= numbers.limit; more++) {
            const next = judge(probe, { ...numbers, kind }, at);
            if (!next.isAllowed) break;
            probe = next.next;
          }
          // The tolerated early millisecond may be worth one more token.
          const tokenMs = numbers.periodMs / numbers.limit;
          const slack = Math.ceil(EARLY_MS / tokenMs);
          assert.ok(more >= verdict.remaining);
          assert.ok(more <= verdict.remaining + slack);
        }
      },
    ),
    { seed: 20264, numRuns: 100 },
  );
});

Deno.test("a first hit leaves all tokens but one, whatever the numbers and the moment", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 1_000, max: 3_600_000 }),
      fc.integer({ min: 0, max: 10_000_000 }),
      (limit, periodMs, laterUs) => {
        const numbers = { limit, periodMs, kind: "sliding" } as const;
        const first = judge(undefined, numbers, NOW_MS + laterUs / 1_000);
        assert.equal(first.remaining, limit - 1);
      },
    ),
    { seed: 20266, numRuns: 1_000 },
  );
});
