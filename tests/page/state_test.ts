import assert from "node:assert/strict";
import { points, take } from "../../page/state.ts";
import type { PageFigures, Point } from "../../rest/metrics/types.ts";

Deno.test("a page that is open for hours keeps ten minutes of points", () => {
  for (let atMs = 1; atMs <= 5_000; atMs++) {
    const point = { atMs, sent: 0, waiting: 0, limited: 0 } as Point;
    take({ points: [point] } as unknown as PageFigures);
  }
  assert.equal(points.value.length, 600);
  assert.equal(points.value.at(-1)?.atMs, 5_000);
});
