import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";

const TIMERS = 400;
const SPAN_MS = 40;
/** So many moments lie within a millisecond. */
const NEAR = TIMERS / SPAN_MS;

Deno.test("no wake-up rings before its moment, and each rings once", async () => {
  const earlyByMs: number[] = [];
  let rung = 0;
  const startMs = SYSTEM_CLOCK.nowMs();
  await Promise.all(Array.from({ length: TIMERS }, (_, index) => {
    const atMs = startMs + SPAN_MS * (index + 1) / TIMERS;
    return new Promise<void>((resolve) => {
      SYSTEM_CLOCK.wakeAt(atMs, () => {
        rung++;
        const nowMs = SYSTEM_CLOCK.nowMs();
        if (nowMs < atMs) earlyByMs.push(atMs - nowMs);
        resolve();
      });
    });
  }));
  assert.deepEqual(earlyByMs, []);
  assert.equal(rung, TIMERS);
});

Deno.test("a wake-up whose moment is past rings, but not before the caller goes on", async () => {
  const heard: string[] = [];
  const rung = new Promise<void>((resolve) => {
    SYSTEM_CLOCK.wakeAt(SYSTEM_CLOCK.nowMs() - 1_000, () => {
      heard.push("rung");
      resolve();
    });
  });
  heard.push("asked");
  await rung;
  assert.deepEqual(heard, ["asked", "rung"]);
});

Deno.test("a wake-up that is called off does not ring, not even one that was set once more", async () => {
  const startMs = SYSTEM_CLOCK.nowMs();
  const momentOf = (index: number) => startMs + SPAN_MS * (index + 1) / TIMERS;
  const calledOff = new Set<number>();
  const rungAfterwards: number[] = [];
  const callOffs = Array.from(
    { length: TIMERS },
    (_, index) =>
      SYSTEM_CLOCK.wakeAt(momentOf(index), () => {
        if (calledOff.has(index)) rungAfterwards.push(index);
        // Of those whose moments are less than a millisecond off some have rung
        // too early in this turn, and are set once more at its end.
        setImmediate(() => {
          for (let next = index + 1; next < index + NEAR; next++) {
            callOffs[next]?.();
            calledOff.add(next);
          }
        });
      }),
  );
  await new Promise<void>((resolve) => {
    SYSTEM_CLOCK.wakeAt(momentOf(TIMERS) + SPAN_MS, resolve);
  });
  assert.deepEqual(rungAfterwards, []);
  assert.ok(calledOff.size > 0);
});
