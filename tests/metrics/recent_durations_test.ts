import assert from "node:assert/strict";
import { RecentDurations } from "../../rest/metrics/recent_durations.ts";

Deno.test("a percentile is right within a fifth", () => {
  for (const wantedMs of [1, 3, 78, 400, 15_000, 240_000]) {
    const durations = new RecentDurations(1_000, 10);
    for (let count = 0; count < 95; count++) durations.add(wantedMs, 0);
    for (let count = 0; count < 5; count++) durations.add(900_000, 0);
    const told = durations.percentile(0.95, 0) ?? 0;
    assert.ok(told >= wantedMs && told <= wantedMs * 1.2, `${told}`);
  }
});

Deno.test("what is older than all slots together counts no more", () => {
  const durations = new RecentDurations(1_000, 10);
  durations.add(50, 500);
  assert.notEqual(durations.percentile(0.95, 9_999), undefined);
  assert.equal(durations.percentile(0.95, 10_000), undefined);
});
