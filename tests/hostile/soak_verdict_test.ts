import assert from "node:assert/strict";
import { numberOptions } from "../../tools/soak/options.ts";
import { trendOf } from "../../tools/soak/trend.ts";
import {
  judgeEnd,
  judgeTrends,
  type Sample,
} from "../../tools/soak/verdict.ts";

const MIB = 1024 * 1024;
const SECONDS = 60;

/** A minute in which `rising` grows by `perSecond`, and all else stands still. */
function minuteOf(rising: keyof Sample | "liveHeap", perSecond: number) {
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
  const liveHeap = seconds.filter((atS) => atS % 6 === 0)
    .map((atS) => ({ atS, value: 20 * MIB + grown("liveHeap", atS) }));
  return { samples, liveHeap };
}

function notFlat(rising: keyof Sample | "liveHeap", perSecond: number) {
  return judgeTrends(minuteOf(rising, perSecond))
    .filter(({ isFine }) => !isFine)
    .map(({ text }) => text.split(":", 1)[0]);
}

Deno.test("a minute in which nothing grows is flat", () => {
  assert.deepEqual(notFlat("waiting", 0), []);
});

Deno.test("a kilobyte a request at 300 a second shows on the live heap within a minute", () => {
  assert.deepEqual(notFlat("liveHeap", 300 * 1024), ["liveHeap"]);
});

Deno.test("one socket in fifty requests shows within a minute", () => {
  assert.deepEqual(notFlat("sockets", 6), ["sockets"]);
});

Deno.test("handles that are left when everybody is gone show at the end, however few", () => {
  const isFine = (after: number) =>
    judgeEnd(0, 25, after).every((finding) => finding.isFine);
  assert.ok(isFine(33));
  assert.ok(!isFine(34));
});

Deno.test("a call that nobody answered shows at the end", () => {
  assert.ok(judgeEnd(1, 25, 25).some(({ isFine }) => !isFine));
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
  const [finding] = judgeTrends({ samples, liveHeap: [] });
  assert.match(finding?.text ?? "", /NOT FLAT$/);
});

Deno.test("trendOf() draws the line of least squares", () => {
  const values = [1, 3, 2, 4];
  const points = values.map((value, atS) => ({ atS, value }));
  const { mean, rise } = trendOf(points);
  assert.equal(mean, 2.5);
  assert.ok(Math.abs(rise - 2.4) < 1e-9);
});

Deno.test("numberOptions() reads both spellings and refuses what it does not know in one sentence", () => {
  const defaults = { count: 1, seed: 2 };
  assert.deepEqual(numberOptions(["--count", "5"], defaults), {
    count: 5,
    seed: 2,
  });
  assert.deepEqual(numberOptions(["--seed=7"], defaults), {
    count: 1,
    seed: 7,
  });
  assert.throws(() => numberOptions(["--cout", "5"], defaults), {
    message: 'Cannot read "--cout": there are --count, --seed',
  });
  assert.throws(() => numberOptions(["--count", "many"], defaults), {
    message: 'Cannot read --count "many": want a whole number',
  });
});
