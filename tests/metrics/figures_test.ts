import assert from "node:assert/strict";
import type { Fact } from "../../rest/domain/fact.ts";
import { Figures } from "../../rest/metrics/figures.ts";
import { Recent } from "../../rest/metrics/recent.ts";
import type { SchedulerSnapshot } from "../../rest/scheduler/types.ts";
import { createManualClock } from "../_manual_clock.ts";

const SNAPSHOT: SchedulerSnapshot = {
  waiting: 3,
  inFlight: 1,
  bytes: 12,
  oldestWaitMs: 900,
  reasons: { bucket: 3 },
  callers: [{ name: "default/a", waiting: 3 }],
  invalid: { count: 1, ceiling: 9_000 },
  breaker: { state: "open", untilMs: 5_000 },
  identities: [{
    id: "bot:1",
    waiting: 3,
    inFlight: 1,
    oldestWaitMs: 900,
    globalLimit: 50,
    globalUsed: 10,
    globalLockedUntilMs: undefined,
    credential: "unproven",
  }],
  hashes: [],
  counters: [],
  lines: [
    {
      id: "bot:1 bot h 1",
      identityId: "bot:1",
      label: "POST /channels/{channel_id}/messages",
      major: "1",
      hash: "h",
      waiting: 3,
      inFlight: 1,
      wakeAtMs: 400,
      reason: "bucket",
      oldestWaitMs: 900,
      nextAtMs: 400,
      clearAtMs: 2_400,
      isPaused: false,
    },
    {
      id: "bot:1 bot h 2",
      identityId: "bot:1",
      label: "POST /channels/{channel_id}/messages",
      major: "2",
      hash: "h",
      waiting: 0,
      inFlight: 0,
      wakeAtMs: undefined,
      reason: undefined,
      oldestWaitMs: 0,
      nextAtMs: undefined,
      clearAtMs: undefined,
      isPaused: false,
    },
  ],
};

const REQUEST = { bot: "main", label: "GET /users/@me", caller: "default/a" };
const FACTS: readonly Fact[] = [
  { kind: "queued", ...REQUEST },
  { kind: "leased", ...REQUEST, waitMs: 0, attempt: 1 },
  {
    kind: "answered",
    ...REQUEST,
    status: 503,
    waitMs: 40,
    sendMs: 80,
    attempts: 1,
  },
  { kind: "rate_limited", ...REQUEST, scope: "user", retryAfterMs: 1 },
  { kind: "refused", ...REQUEST, code: "overloaded" },
];

const UNREACHABLE: Fact = { kind: "refused", ...REQUEST, code: "unreachable" };

Deno.test("the page is shown what the scheduler and the facts tell, bots by their names", () => {
  const { figures } = figuresOf();
  for (const fact of FACTS) figures.observe(fact);
  const { reading, lines, routes, callers, incidents, limitedByScope } = figures
    .page(0);
  assert.equal(reading.breakerForMs, 5_000);
  assert.deepEqual(reading.bots.map(({ bot }) => bot), ["main"]);
  assert.deepEqual(
    lines.map(({ bot, nextInMs, clearInMs }) => [bot, nextInMs, clearInMs]),
    [["main", 400, 2_400]],
  );
  const [route] = routes;
  assert.deepEqual([route?.answers, route?.errors], [1, 1]);
  assert.deepEqual(callers, [
    { caller: "default/a", waiting: 3, sent: 1, refused: 1 },
  ]);
  assert.deepEqual(incidents.map(({ what }) => what), [
    "overloaded",
    "429 user",
  ]);
  assert.deepEqual(limitedByScope, { user: 1 });
  figures.stop();
});

Deno.test("charts get a point a second while somebody looks, and each page only what is new to it", async () => {
  const { clock, figures } = figuresOf();
  figures.page(0);
  await clock.advance(3_000);
  const { points } = figures.page(0);
  assert.equal(points.length, 4);
  assert.equal(points[0]?.globalShare, 0.2);
  const last = points.at(-1)?.atMs ?? 0;
  assert.equal(figures.page(last).points.length, 0);
  figures.stop();
  assert.equal(clock.timerCount, 0);
});

Deno.test("charts hold ten minutes, and end ten minutes after the last look", async () => {
  const { clock, figures } = figuresOf();
  figures.page(0);
  for (let minute = 0; minute < 11; minute++) {
    await clock.advance(59_000);
    figures.page(0);
    await clock.advance(1_000);
  }
  assert.equal(figures.page(0).points.length, 600);
  await clock.advance(601_000);
  const samples = clock.timersSet;
  await clock.advance(60_000);
  // The look at the event loop goes on; it costs next to nothing.
  assert.ok(clock.timersSet - samples <= 600, "still sampling");
  figures.stop();
  assert.equal(clock.timerCount, 0);
});

Deno.test("what was sent before anybody looked is not counted into the first second, nor is what was sent between two looks", async () => {
  const { clock, figures } = figuresOf();
  const send = () => {
    for (const fact of [...FACTS, UNREACHABLE]) figures.observe(fact);
  };
  const lastTwo = async () => {
    for (let n = 0; n < 205; n++) send();
    figures.page(0);
    send();
    await clock.advance(1_000);
    return figures.page(0).points.slice(-2)
      .map(({ sent, limited, answered, failed, unanswered }) => [
        sent,
        limited,
        answered,
        failed,
        unanswered,
      ]);
  };
  const want = [Array(5).fill(undefined), [1, 1, 1, 1, 1]];
  assert.deepEqual(await lastTwo(), want);
  await clock.advance(700_000);
  assert.deepEqual(await lastTwo(), want);
  figures.stop();
});

Deno.test("a point that comes late tells what was sent a second, not since the last point", () => {
  const recent = new Recent();
  const clock = createManualClock();
  const { reading } = figuresOf().figures.page(0);
  recent.sample(reading, 0);
  for (let n = 0; n < 15; n++) recent.observe(FACTS[1] as Fact, clock);
  recent.sample(reading, 3_000);
  assert.equal(recent.pointsAfter(0).at(-1)?.sent, 5);
});

/** One more than are shown. */
const SESSIONS = Array.from({ length: 51 }, (_, n) => ({
  name: `shard ${n}`,
  key: "main",
  identityId: "bot:1",
  isConnected: n % 2 === 0,
  sinceMs: 1_000,
  unacked: 51 - n,
  bytes: 256,
  inFlight: 0,
}));

Deno.test("the page is shown fifty sessions at most, with their bots by name", () => {
  const { sessions } = figuresOf().figures.page(0);
  assert.equal(sessions.length, 50);
  const { identityId: _, ...shown } = SESSIONS[0] as typeof SESSIONS[number];
  assert.deepEqual(sessions[0], { ...shown, bot: "main" });
});

function figuresOf() {
  const clock = createManualClock();
  const figures = new Figures({
    clock,
    facts: () => {},
    bots: ["main"],
    botName: () => "main",
    snapshot: () => SNAPSHOT,
    isDraining: () => false,
    rep: () => ({ sessions: 0, connections: 0, mailboxReplies: 0 }),
    sessions: (max) => SESSIONS.slice(0, max),
    journal: () => undefined,
    upstreamConnections: () => 0,
  });
  return { clock, figures };
}
