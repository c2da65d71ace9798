import assert from "node:assert/strict";
import type { Fact } from "../../rest/domain/fact.ts";
import { MinuteReport } from "../../rest/metrics/minute_report.ts";
import { createManualClock } from "../_manual_clock.ts";

const BOT = { bot: "main", label: "GET /users/@me" } as const;
const LEASED: Fact = { kind: "leased", ...BOT, waitMs: 0, attempt: 1 };
const ANSWERED: Fact = {
  kind: "answered",
  ...BOT,
  caller: "default",
  status: 200,
  waitMs: 400,
  sendMs: 80,
  attempts: 1,
};
const LIMITED: Fact = {
  kind: "rate_limited",
  ...BOT,
  scope: "user",
  retryAfterMs: 1,
};

Deno.test("a minute with traffic is told once, and a minute without any not at all", async () => {
  const { clock, told, report } = reportOf();
  report.observe(LEASED);
  report.observe(ANSWERED);
  report.observe(LIMITED);
  await clock.advance(59_999);
  assert.equal(told.length, 0);
  await clock.advance(1);
  assert.equal(told.length, 1);
  const [fact] = told;
  assert.ok(fact?.kind === "minute");
  const { sent, refused, limited, waiting, oldestWaitMs } = fact;
  assert.deepEqual([sent, refused, limited], [1, 0, 1]);
  assert.deepEqual([waiting, oldestWaitMs], [7, 900]);
  assert.ok((fact.queueP95Ms ?? 0) >= 400);
  await clock.advance(600_000);
  assert.equal(told.length, 1);
  assert.equal(clock.timerCount, 0);
});

Deno.test("counts begin anew with each minute", async () => {
  const { clock, told, report } = reportOf();
  report.observe(LEASED);
  await clock.advance(60_000);
  report.observe(LIMITED);
  await clock.advance(60_000);
  const counts = told.map((fact) =>
    fact.kind === "minute" && [fact.sent, fact.limited]
  );
  assert.deepEqual(counts, [[1, 0], [0, 1]]);
});

Deno.test("a minute that has begun is told at the end, and leaves no timer", () => {
  const { clock, told, report } = reportOf();
  report.observe(LEASED);
  report.end();
  assert.equal(told.length, 1);
  assert.equal(clock.timerCount, 0);
});

Deno.test("what happens after the end sets no timer, and is told nobody", () => {
  const { clock, told, report } = reportOf();
  report.end();
  report.observe(LEASED);
  report.end();
  assert.equal(told.length, 0);
  assert.equal(clock.timerCount, 0);
});

function reportOf() {
  const clock = createManualClock();
  const told: Fact[] = [];
  const read = () => ({ waiting: 7, oldestWaitMs: 900 });
  const report = new MinuteReport(clock, read, (fact) => void told.push(fact));
  return { clock, told, report };
}
