import assert from "node:assert/strict";
import { ClockOffsetEstimator } from "../../../rest/scheduler/limits/clock_offset_estimator.ts";
import { bucketOf, reportOf, SERVER_OFFSET_MS } from "../_builders.ts";

Deno.test("ClockOffsetEstimator knows nothing before the first answer", () => {
  assert.equal(new ClockOffsetEstimator().offsetMs, undefined);
});

Deno.test("ClockOffsetEstimator counts offset and way in together, whatever the way out", () => {
  const clock = new ClockOffsetEstimator();
  for (const [round, tookMs] of [40, 400, 900, 35].entries()) {
    answer(clock, 1_000 * round, 25, tookMs);
  }
  // Of the 40 ms that the first round might have been too slow by, three more have left this.
  assert.equal(offsetMs(clock), 25 - 1 - 40 / 64);
});

for (
  const [what, sentAtMs, tookMs] of [
    ["before the first answer", 300, 600],
    ["within a fifth of a second", 199, 60],
  ] as const
) {
  Deno.test(`ClockOffsetEstimator believes nothing while all it knows was sent ${what}`, () => {
    const clock = new ClockOffsetEstimator();
    for (const at of [0, 1, 2, sentAtMs]) answer(clock, at, 25, tookMs);
    assert.equal(offsetMs(clock), 25 - tookMs - 1);
  });
}

Deno.test("ClockOffsetEstimator counts a burst once when it allows for chance", () => {
  const clock = new ClockOffsetEstimator();
  for (const wayInMs of [20, 50, 50, 50]) answer(clock, 0, wayInMs, 60);
  answer(clock, 200, 50, 60);
  const doubt = (20 - (50 - 60)) / 4;
  assert.equal(offsetMs(clock), 20 - (50 - 20) / 3 - doubt - 1);
});

Deno.test("ClockOffsetEstimator knows as little of a clock that was set as of a new one", () => {
  const clock = new ClockOffsetEstimator();
  for (let round = 0; round < 10; round++) answer(clock, 300 * round, 25, 50);
  for (const sentAtMs of [4_000, 4_001, 4_002]) {
    answer(clock, sentAtMs, 5_025, 50);
  }
  assert.equal(offsetMs(clock), 5_025 - 50 - 1);
  assert.equal(clock.setByMs, 5_000);
  for (const sentAtMs of [5_000, 5_300, 5_600]) {
    answer(clock, sentAtMs, 3_025, 50);
  }
  assert.equal(clock.setByMs, 3_000);
});

Deno.test("ClockOffsetEstimator does not follow three answers that contradict each other", () => {
  const clock = new ClockOffsetEstimator();
  answer(clock, 0, 25, 50);
  for (const [nth, stepMs] of [5_000, -5_000, 5_000].entries()) {
    answer(clock, 300 + nth, 25 + stepMs, 50);
  }
  assert.equal(clock.setByMs, 0);
  assert.equal(offsetMs(clock), 25 - 50 - 1);
});

Deno.test("ClockOffsetEstimator never counts on less than no way in, nor on more than the fastest", () => {
  const burst = new ClockOffsetEstimator();
  for (let n = 0; n < 16; n++) answer(burst, 0, 100 + 10 * n, 130 + 10 * n);
  assert.equal(offsetMs(burst), -30 - 1);

  const slowed = new ClockOffsetEstimator();
  for (let n = 0; n < 7; n++) answer(slowed, 600 * n, 5, 50);
  for (let n = 0; n < 9; n++) {
    answer(slowed, 60_500 + 300 * n, 80, 125);
    assert.ok(offsetMs(slowed) <= 80, String(offsetMs(slowed)));
  }
});

Deno.test("ClockOffsetEstimator learns nothing of warm requests from lone cold ones", () => {
  const clock = new ClockOffsetEstimator();
  for (let n = 0; n < 8; n++) answer(clock, 120_000 * n, 80, 125);
  assert.equal(offsetMs(clock), 80 - 125 - 1);
});

Deno.test("ClockOffsetEstimator tells when a request was sent as if by the fastest way", () => {
  const clock = new ClockOffsetEstimator();
  for (let sentAtMs = 0; sentAtMs < 10_000; sentAtMs += 200) {
    answer(clock, sentAtMs, 10, 60);
  }
  const bucket = bucketOf({ decidedAtMs: 10_030 });
  const report = reportOf(10_100, { sentAtMs: 10_000, bucket });
  const asIfMs = clock.sentAsIfAtMs(report) ?? 0;
  assert.ok(Math.abs(asIfMs - 10_021) < 1, String(asIfMs));
});

Deno.test("ClockOffsetEstimator keeps the fastest way in and allows for a faster one yet", () => {
  const clock = new ClockOffsetEstimator();
  answer(clock, 0, 20, 60);
  answer(clock, 200, 50, 90);
  const doubt = (20 - (20 - 60)) / 4;
  assert.equal(offsetMs(clock), 20 - (50 - 20) / 3 - doubt - 1);
});

Deno.test("ClockOffsetEstimator expects the next round to be faster by as much as the last one was", () => {
  const clock = new ClockOffsetEstimator();
  for (const [round, wayInMs] of [60, 60, 60, 40].entries()) {
    answer(clock, 1_000 * round, wayInMs, wayInMs + 30);
  }
  const chance = (60 - 40) / 5;
  assert.equal(offsetMs(clock), 40 - chance - 20 - 1);
});

Deno.test("ClockOffsetEstimator refuses an answer whose two headers contradict the rest", () => {
  const clock = new ClockOffsetEstimator();
  answer(clock, 0, 25, 50);
  assert.ok(!answer(clock, 100, 4_900, 50));
  assert.equal(offsetMs(clock), 25 - 50 - 1);
});

Deno.test("ClockOffsetEstimator follows Discord's clock when three answers agree that it was set", () => {
  const clock = new ClockOffsetEstimator();
  answer(clock, 0, 25, 50);
  for (const sentAtMs of [100, 400, 700]) answer(clock, sentAtMs, 5_025, 50);
  assert.ok(offsetMs(clock) > 5_000, String(offsetMs(clock)));
});

Deno.test("ClockOffsetEstimator remembers the fastest way in for a minute, however many slower ones follow", () => {
  const clock = new ClockOffsetEstimator();
  answer(clock, 0, 1, 50);
  const sendSlow = (fromMs: number) => {
    for (let n = 0; n < 1_000; n++) answer(clock, fromMs + n, 80, 130);
  };
  sendSlow(1_000);
  assert.ok(offsetMs(clock) <= 1, String(offsetMs(clock)));
  sendSlow(70_000);
  assert.ok(offsetMs(clock) > 70, String(offsetMs(clock)));
});

Deno.test("ClockOffsetEstimator does not take a slow burst after a long silence for the way in", () => {
  const clock = new ClockOffsetEstimator();
  for (let sentAtMs = 0; sentAtMs < 10_000; sentAtMs += 500) {
    answer(clock, sentAtMs, 5, 50);
  }
  for (let n = 0; n < 200; n++) answer(clock, 120_000 + n / 10, 80, 125);
  assert.ok(offsetMs(clock) <= 5, String(offsetMs(clock)));
});

/** What it adds, but for the offset of Discord's clock. */
function offsetMs(clock: ClockOffsetEstimator): number {
  return (clock.offsetMs ?? NaN) - SERVER_OFFSET_MS;
}

/** An answer that took `tookMs` in all, of which `wayInMs` went by before it was decided on; false where it is not believed. */
function answer(
  clock: ClockOffsetEstimator,
  sentAtMs: number,
  wayInMs: number,
  tookMs: number,
): boolean {
  const bucket = bucketOf({ decidedAtMs: sentAtMs + wayInMs });
  return clock.learn(reportOf(sentAtMs + tookMs, { sentAtMs, bucket }));
}
