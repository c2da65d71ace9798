import assert from "node:assert/strict";
import type { LimitSpec } from "../../sim/model/limit_rule.ts";
import { type Plan, runWorld, WORLD_START_MS } from "./_world.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const WIDE: LimitSpec = { limit: 100, periodMs: 1_000 };

for (
  const [what, match, limit, windowMs, planOf] of [
    [
      "renames",
      "PATCH /channels/{}",
      2,
      600_000,
      (n: number) => ({
        method: "PATCH" as const,
        path: "/channels/1",
        json: { name: `n${n}` },
      }),
    ],
    [
      "emoji uploads",
      "POST /guilds/{}/emojis",
      50,
      HOUR_MS,
      (n: number) => ({
        method: "POST" as const,
        path: "/guilds/1/emojis",
        json: { content: `e${n}` },
      }),
    ],
    [
      "new commands",
      "POST /applications/{}/commands",
      200,
      DAY_MS,
      (n: number) => ({
        method: "POST" as const,
        path: "/applications/1/commands",
        json: { content: `c${n}` },
      }),
    ],
  ] as [string, string, number, number, (n: number) => Plan][]
) {
  Deno.test(`${what} beyond their hidden limit are told how long, for as long as it lasts, and other routes go on`, () => {
    const lateMs = windowMs * 0.6;
    const plans: Plan[] = [
      // One after the other, so that the first beyond the limit meets it alone.
      ...Array.from(
        { length: limit + 1 },
        (_, n) => ({ ...planOf(n), atMs: n * 200 }),
      ),
      { ...planOf(limit + 1), atMs: lateMs },
      { method: "GET", path: "/guilds/1", atMs: lateMs },
      { ...planOf(limit + 2), atMs: windowMs + 1_000 },
    ];
    const { fates, limited } = runWorld(plans, {
      model: {
        rules: [{
          match,
          limits: [WIDE, {
            name: "long",
            limit,
            periodMs: windowMs,
            kind: "fixed",
            isHidden: true,
          }],
        }],
      },
    });
    assert.equal(fates[limit]?.status, 429);
    const late = fates[limit + 1]?.refused;
    assert.equal(late?.code, "wait_too_long");
    // It may come back when the rest of the window is a wait that is allowed.
    const restMs = windowMs - lateMs - 240_000;
    const toldMs = late?.retryAfterMs ?? 0;
    assert.ok(Math.abs(toldMs - Math.max(1_000, restMs)) <= 1_000, `${toldMs}`);
    const other = fates[limit + 2];
    assert.equal(other?.status, 200);
    const otherMs = (other?.doneAtMs ?? Infinity) - WORLD_START_MS - lateMs;
    assert.ok(otherMs <= 100, `${otherMs} ms`);
    const after = fates[limit + 3]?.status ?? 0;
    assert.ok(after >= 200 && after < 300, `${after}`);
    assert.deepEqual(limited, { user: 1 });
  });
}
