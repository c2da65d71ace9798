import assert from "node:assert/strict";
import type { Fact } from "../../rest/domain/fact.ts";
import { LongWaits } from "../../rest/metrics/long_waits.ts";
import type { WaitingRequest } from "../../rest/scheduler/types.ts";
import { createManualClock } from "../_manual_clock.ts";

const QUEUED: Fact = {
  kind: "queued",
  bot: "main",
  label: "GET /users/@me",
  caller: "default/a",
};

Deno.test("what has waited for five seconds is told once for each caller and line, and again as long as it waits", async () => {
  const { clock, told, waiting, longWaits } = longWaitsOf();
  waiting.push(waitOf("default/a", 0), waitOf("default/b", 0));
  waiting.push(waitOf("default/a", 1), waitOf("default/c", 4_000));
  longWaits.observe(QUEUED);
  await clock.advance(4_999);
  assert.deepEqual(told.length, 0);
  await clock.advance(1);
  assert.deepEqual(
    told.map((fact) => fact.kind === "long_wait" && fact.caller),
    [
      "default/a",
      "default/b",
    ],
  );
  assert.deepEqual(told[0], {
    kind: "long_wait",
    caller: "default/a",
    label: "POST /channels/{channel_id}/messages",
    waitedMs: 5_000,
    reason: "bucket",
    leavesInMs: 1_000,
  });
  await clock.advance(5_000);
  assert.equal(told.length, 5);
  waiting.length = 0;
  await clock.advance(5_000);
  assert.equal(told.length, 5);
  assert.equal(clock.timerCount, 0);
});

Deno.test("the end leaves no timer, whatever is queued after it", () => {
  const { clock, longWaits } = longWaitsOf();
  longWaits.observe(QUEUED);
  longWaits.stop();
  longWaits.observe(QUEUED);
  assert.equal(clock.timerCount, 0);
});

function longWaitsOf() {
  const clock = createManualClock();
  const told: Fact[] = [];
  const waiting: WaitingRequest[] = [];
  const longWaits = new LongWaits({
    clock,
    waiting: (limit) => waiting.slice(0, limit),
    facts: (fact) => void told.push(fact),
  });
  return { clock, told, waiting, longWaits };
}

function waitOf(caller: string, acceptedAtMs: number): WaitingRequest {
  return {
    id: 1,
    identityId: "bot:1",
    label: "POST /channels/{channel_id}/messages",
    major: "1",
    caller,
    acceptedAtMs,
    wait: { reason: "bucket", place: 1, earliestAtMs: 6_000 },
  };
}
