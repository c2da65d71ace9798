import assert from "node:assert/strict";
import {
  newBucket,
  noteReport,
  noteSilent,
  openingOf,
} from "../../rest/scheduler/limits/bucket.ts";
import { bucketOf, SERVER_OFFSET_MS } from "./_builders.ts";
import { type Plan, runWorld } from "./_world.ts";

Deno.test("world: a fixed bucket whose answers get lost is not overspent", () => {
  const plans = Array.from({ length: 60 }, (_, n): Plan => ({
    atMs: n * 300,
    method: "PUT",
    path: `/guilds/1/members/${n}/roles/3`,
  }));
  for (let seed = 1; seed <= 10; seed++) {
    const report = runWorld(plans, {
      seed,
      lossShare: 0.5,
      model: {
        seed,
        rules: [{
          match: "PUT /guilds/{}/members/{}/roles/{}",
          limit: 10,
          periodMs: 10_000,
          kind: "fixed",
        }],
      },
    });
    assert.deepEqual(report.limited, {}, `seed ${seed}`);
  }
});

Deno.test("a report does not give back the token of a request whose answer was lost beside it", () => {
  const bucket = newBucket({
    hash: "hash-a",
    limit: 5,
    kind: "sliding",
    intervalMs: 1_000,
    isWindowExact: false,
    burst: Infinity,
    spread: "separate",
    windowMs: 1_000,
    probeUntilMs: 0,
  });
  // Five at once; the one that came last is lost first, the others answer.
  noteSilent(bucket, SERVER_OFFSET_MS + 30);
  for (const remaining of [4, 3, 2, 1]) {
    const resetAfterMs = (5 - remaining) * 1_000;
    noteReport(bucket, bucketOf({ decidedAtMs: 0, remaining, resetAfterMs }));
  }
  const opening = openingOf(bucket, 0, SERVER_OFFSET_MS + 50, 50);
  assert.deepEqual(opening, { opensAtServerMs: SERVER_OFFSET_MS + 1_000 });
});
