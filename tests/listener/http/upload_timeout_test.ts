import assert from "node:assert/strict";
import { UploadTimeout } from "../../../rest/listener/http/upload_timeout.ts";
import { createManualClock } from "../../_manual_clock.ts";

function start(timeoutMs = 1_000) {
  const clock = createManualClock();
  const state = { isLate: false };
  const timeout = new UploadTimeout(clock, timeoutMs, () => {
    state.isLate = true;
  });
  return { clock, state, timeout };
}

Deno.test("an upload is late at its time, and not just before", async () => {
  const { clock, state } = start();
  await clock.advance(999);
  assert.ok(!state.isLate);
  await clock.advance(1);
  assert.ok(state.isLate);
});

Deno.test("32 KiB that came buy a second", async () => {
  const { clock, state, timeout } = start();
  timeout.received(32 * 1024);
  await clock.advance(1_999);
  assert.ok(!state.isLate);
  await clock.advance(1);
  assert.ok(state.isLate);
});

Deno.test("the time in which it is paused is not its sender's", async () => {
  const { clock, state, timeout } = start();
  await clock.advance(600);
  timeout.pause();
  await clock.advance(60_000);
  assert.ok(!state.isLate);
  timeout.resume();
  await clock.advance(399);
  assert.ok(!state.isLate);
  await clock.advance(1);
  assert.ok(state.isLate);
});

Deno.test("one that is stopped is never late, and leaves no timer", async () => {
  const { clock, state, timeout } = start();
  timeout.stop();
  assert.equal(clock.timerCount, 0);
  await clock.advance(10_000);
  assert.ok(!state.isLate);
});
