import assert from "node:assert/strict";
import type { LimitSpec } from "../../sim/model/limit_rule.ts";
import { snowflakeOf } from "../../sim/model/snowflake.ts";
import { assertRatio } from "./_loads.ts";
import { type Fate, type Plan, runWorld, type WorldReport } from "./_world.ts";

/**
 * A limit that only its 429 shows (api-docs #7394, #8161: a huge one announced,
 * a small one binding; #8330, #1295: deletions of old messages).
 */

const READ = "GET /channels/{}/messages/{}";
const HUGE: LimitSpec = { limit: 1_000, periodMs: 600_000 };
const ANSWER_MS = 70;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** What the worlds' clock shows when they begin. */
const WORLD_WALL_MS = 1_700_000_005_000;

for (
  const [what, hidden, count, idealMs, most] of [
    ["fixed 5 per 5 s", fixed(5, 5_000), 20, 15_000, 1.15],
    ["fixed 35 per 4 s", fixed(35, 4_000), 120, 12_000, 1.15],
    ["sliding 5 per 5 s", sliding(5, 5_000), 20, 15_000, 1.1],
  ] as [string, LimitSpec, number, number, number][]
) {
  for (const shows of ["own", "route"] as const) {
    Deno.test(`${count} reads under a hidden ${what} whose 429 shows ${shows === "own" ? "its own numbers" : "the announced ones"} keep its pace`, () => {
      const report = hiddenWorld({ ...hidden, shows }, reads(count));
      assertAllDone(report.fates);
      assertRatio(report.makespanMs, idealMs + ANSWER_MS, most);
      const [, second = 0, ...late] = limitedPerWindow(
        report.fates,
        hidden.periodMs,
      );
      // Where nothing tells its numbers, the second window shows how many pass.
      const fewest = shows === "own" ? 1 : 5;
      assert.ok(
        second <= fewest && late.every((each) => each <= 1),
        `429s per window: ${[second, ...late]}`,
      );
    });
  }
}

Deno.test("a second bucket met in one channel is known in the next, and is that channel's own there", () => {
  const report = hiddenWorld({ ...fixed(5, 5_000), shows: "own" }, [
    ...reads(20),
    ...reads(10, { channel: 2, atMs: 40_000 }),
  ]);
  assertAllDone(report.fates);
  const second = report.fates.slice(20);
  assert.equal(limitedOf(second), 0);
  const doneMs = Math.max(...second.map(({ doneAtMs = Infinity }) => doneAtMs));
  assertRatio(doneMs - 45_000, 5_000 + ANSWER_MS, 1.05);
});

Deno.test("several second buckets of one route hold together", () => {
  const report = hiddenWorld([
    { ...fixed(5, 5_000), shows: "own" },
    { ...fixed(8, 20_000), shows: "own", name: "slower" },
  ], reads(20));
  assertAllDone(report.fates);
  assertRatio(report.makespanMs, 40_000 + ANSWER_MS, 1.15);
  assert.ok(limitedOf(report.fates) <= 12, `${limitedOf(report.fates)} 429s`);
});

Deno.test("a read of another route passes while a second bucket is empty", () => {
  const other: Plan = { method: "GET", path: "/channels/1/pins", atMs: 1_000 };
  const report = hiddenWorld({ ...fixed(5, 5_000), shows: "own" }, [
    ...reads(20),
    other,
  ]);
  const { doneAtMs = Infinity } = report.fates.at(-1) as Fate;
  assert.ok(doneAtMs - 6_000 <= 100, `${doneAtMs - 6_000} ms`);
});

for (const shows of ["own", "route"] as const) {
  Deno.test(`100 deletions of old messages that meet the young ones' bucket, too, get three 429s at the most where it shows ${shows}`, () => {
    const plans = Array.from({ length: 100 }, (_, n): Plan => ({
      method: "DELETE",
      path: `/channels/1/messages/${
        snowflakeOf(WORLD_WALL_MS - 20 * DAY_MS, n + 1)
      }`,
    }));
    const report = runWorld(plans, {
      scheduler: { maxWaitMs: 900_000 },
      model: {
        rules: [{
          match: "DELETE /channels/{}/messages/{}",
          limits: [
            { name: "old", limit: 30, periodMs: 120_000 },
            {
              name: "young",
              limit: 5,
              periodMs: 5_000,
              isHidden: true,
              shows,
            },
          ],
        }],
      },
    });
    assertAllDone(report.fates);
    assert.ok(limitedOf(report.fates) <= 3, `${limitedOf(report.fates)} 429s`);
    assertRatio(report.makespanMs, 280_000 + ANSWER_MS, 1.05);
  });
}

function fixed(limit: number, periodMs: number): LimitSpec {
  return { limit, periodMs, kind: "fixed", isHidden: true, name: "hidden" };
}

function sliding(limit: number, periodMs: number): LimitSpec {
  return { limit, periodMs, isHidden: true, name: "hidden" };
}

function reads(count: number, { channel = 1, atMs = 0 } = {}): Plan[] {
  return Array.from({ length: count }, (_, n): Plan => ({
    method: "GET",
    path: `/channels/${channel}/messages/${9_000 + n}`,
    atMs,
  }));
}

function hiddenWorld(
  hidden: LimitSpec | LimitSpec[],
  plans: readonly Plan[],
): WorldReport {
  return runWorld(plans, {
    model: { rules: [{ match: READ, limits: [HUGE, ...[hidden].flat()] }] },
  });
}

function limitedOf(fates: readonly Fate[]): number {
  return fates.flatMap(({ arrivals }) => arrivals)
    .filter(({ status }) => status === 429).length;
}

/** How many 429s each window of the hidden limit saw, counted from the first arrival. */
function limitedPerWindow(fates: readonly Fate[], periodMs: number): number[] {
  const arrivals = fates.flatMap((fate) => fate.arrivals);
  const firstMs = Math.min(...arrivals.map(({ atMs }) => atMs));
  const counts: number[] = [];
  for (const { atMs, status } of arrivals) {
    const window = Math.floor((atMs - firstMs) / periodMs);
    while (counts.length <= window) counts.push(0);
    if (status === 429) counts[window] = (counts[window] ?? 0) + 1;
  }
  return counts;
}

function assertAllDone(fates: readonly Fate[]): void {
  const other = fates.filter(({ status = 0 }) => status < 200 || status > 299);
  assert.deepEqual(other.map(({ plan, status }) => [plan.path, status]), []);
}
