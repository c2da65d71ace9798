import assert from "node:assert/strict";
import { trendOf } from "../../tools/soak/trend.ts";
import {
  type Ends,
  type InsideSample,
  judgeAnswers,
  judgeEnd,
  judgeTrends,
  type Sample,
  warmBytes,
} from "../../tools/soak/verdict.ts";

const MIB = 1024 * 1024;
const SECONDS = 60;

type Name = Exclude<keyof Sample | keyof InsideSample, "atS">;

/** A minute in which `rising` grows by `perSecond`, and all else stands still. */
function minuteOf(rising: Name, perSecond: number) {
  const seconds = Array.from({ length: SECONDS }, (_, n) => n + 1);
  const grown = (name: string, atS: number) =>
    name === rising ? perSecond * atS : 0;
  const samples = seconds.map((atS): Sample => ({
    atS,
    residentBytes: 200 * MIB + grown("residentBytes", atS),
    sockets: 50 + grown("sockets", atS),
    handles: 70 + grown("handles", atS),
    threads: 7 + grown("threads", atS),
    cpuPercent: 10 + grown("cpuPercent", atS),
    waiting: 15 + grown("waiting", atS),
  }));
  const insides = seconds.filter((atS) => atS % 5 === 0).map((atS) => ({
    atS,
    liveBytes: 20 * MIB + grown("liveBytes", atS),
    timers: 15 + grown("timers", atS),
  }));
  return { samples, insides };
}

function notFlat(rising: Name, perSecond: number) {
  return judgeTrends(minuteOf(rising, perSecond))
    .filter(({ isFine }) => !isFine)
    .map(({ text }) => text.split(":", 1)[0]);
}

Deno.test("a minute in which nothing grows is flat", () => {
  assert.deepEqual(notFlat("waiting", 0), []);
});

Deno.test("a kilobyte a request at 300 a second shows on the live heap within a minute", () => {
  assert.deepEqual(notFlat("liveBytes", 300 * 1024), ["liveBytes"]);
});

Deno.test("one timer in fifty requests shows within a minute", () => {
  assert.deepEqual(notFlat("timers", 6), ["timers"]);
});

Deno.test("one socket in fifty requests shows within a minute", () => {
  assert.deepEqual(notFlat("sockets", 6), ["sockets"]);
});

const BEFORE: Ends = { handles: 25, timers: 0, liveBytes: 20 * MIB };

/** Whether an end with this change is one at which nothing is left over. */
function isCleanEnd(change: Partial<Ends>, waiting = 0): boolean {
  return judgeEnd(waiting, BEFORE, { ...BEFORE, ...change })
    .every(({ isFine }) => isFine);
}

Deno.test("handles that are left when everybody is gone show at the end, however few", () => {
  assert.ok(isCleanEnd({ handles: 33 }));
  assert.ok(!isCleanEnd({ handles: 34 }));
});

Deno.test("timers that are left when everybody is gone show at the end, however few", () => {
  assert.ok(isCleanEnd({ timers: 4 }));
  assert.ok(!isCleanEnd({ timers: 5 }));
});

Deno.test("half a kilobyte that each request of a minute leaves behind shows at the end", () => {
  const requests = 45 * 300;
  assert.ok(isCleanEnd({ liveBytes: BEFORE.liveBytes + requests * 400 }));
  assert.ok(!isCleanEnd({ liveBytes: BEFORE.liveBytes + requests * 512 }));
});

Deno.test("the end is held against the heap of when it was warm, and one that nobody saw is not called clean", () => {
  assert.equal(warmBytes(minuteOf("liveBytes", MIB)), (20 + 15) * MIB);
  const { samples } = minuteOf("waiting", 0);
  const liveBytes = warmBytes({ samples, insides: [] });
  const findings = judgeEnd(0, { ...BEFORE, liveBytes }, BEFORE);
  assert.ok(findings.some(({ isFine }) => !isFine));
});

Deno.test("a call that nobody answered shows at the end", () => {
  assert.ok(isCleanEnd({}, 0));
  assert.ok(!isCleanEnd({}, 1));
});

Deno.test("an answer that no fault explains is told with the kind of its call", () => {
  const odd = new Map([["read 502", 3], ["message 408", 1], ["edit 0", 1]]);
  assert.ok(judgeAnswers(odd).every(({ isFine }) => isFine));
  const [finding] = judgeAnswers(odd.set("own token 429", 2));
  assert.ok(finding?.isFine !== true);
  assert.match(finding?.text ?? "", /: 1, own token 429: 2$/);
});

Deno.test("a queue that grows by one call a second shows within a minute", () => {
  assert.deepEqual(notFlat("waiting", 1), ["waiting"]);
});

Deno.test("timers that pile up show as time on the processor", () => {
  assert.deepEqual(notFlat("cpuPercent", 0.3), ["cpuPercent"]);
});

Deno.test("what fell is flat", () => {
  assert.deepEqual(notFlat("sockets", -0.5), []);
});

Deno.test("a heap that nobody saw is not called flat", () => {
  const { samples } = minuteOf("waiting", 0);
  const [finding] = judgeTrends({ samples, insides: [] });
  assert.match(finding?.text ?? "", /NOT FLAT$/);
});

Deno.test("trendOf() draws the line of least squares", () => {
  const values = [1, 3, 2, 4];
  const points = values.map((value, atS) => ({ atS, value }));
  const { mean, rise } = trendOf(points);
  assert.equal(mean, 2.5);
  assert.ok(Math.abs(rise - 2.4) < 1e-9);
});
