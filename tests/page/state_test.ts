import assert from "node:assert/strict";
import { notice, points, take, tell } from "../../page/state.ts";
import type { PageFigures, Point } from "../../rest/metrics/types.ts";

Deno.test("a page that is open for hours keeps ten minutes of points", () => {
  for (let atMs = 1; atMs <= 5_000; atMs++) {
    const point = { atMs, sent: 0, waiting: 0, limited: 0 } as Point;
    take({ points: [point] } as unknown as PageFigures);
  }
  assert.equal(points.value.length, 600);
  assert.equal(points.value.at(-1)?.atMs, 5_000);
});

Deno.test("what came of an action is told for some seconds, and each time anew", () => {
  const timers: Array<() => void> = [];
  const later = (action: () => void) => void timers.push(action);
  tell("Flood a channel: done.", later);
  const first = notice.value;
  tell("Flood a channel: done.", later);
  assert.equal(notice.value.text, "Flood a channel: done.");
  assert.notEqual(notice.value.number, first.number);
  timers[0]?.();
  assert.equal(notice.value.text, "Flood a channel: done.");
  timers[1]?.();
  assert.equal(notice.value.text, "");
});
