import assert from "node:assert/strict";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "./_builders.ts";

const CHANNEL = "/channels/200000000000000001";
const OTHER = "/channels/200000000000000002";
const T = START_MS;

Deno.test("a route nobody has measured gets one request at a time", () => {
  const scheduler = createScheduler();
  const asks = [1, 2, 3].map((n) => askOf("GET", `${CHANNEL}/messages/${n}`));
  const [first] = enqueueAll(scheduler, asks, T);
  assert.deepEqual(scheduler.poll(T).leases, [first]);
});

Deno.test("the same route of another channel probes for itself", () => {
  const scheduler = createScheduler();
  const ids = enqueueAll(scheduler, [
    askOf("GET", CHANNEL),
    askOf("GET", OTHER),
  ], T);
  assert.deepEqual(scheduler.poll(T).leases, ids);
});

Deno.test("reads of a measured line go side by side up to its free tokens", () => {
  const scheduler = createScheduler();
  const asks = [1, 2, 3, 4, 5, 6, 7].map((n) =>
    askOf("GET", `${CHANNEL}/messages/30000000000000000${n}`)
  );
  const ids = enqueueAll(scheduler, asks, T);
  scheduler.poll(T);
  const bucket = bucketOf({ decidedAtMs: T + 25 });
  const { leases } = settleAndPoll(
    scheduler,
    asks[0]?.id ?? 0,
    reportOf(T + 50, { bucket }),
  );
  assert.deepEqual(leases, ids.slice(1, 5));
});

Deno.test("a route whose answers name no bucket is bound by the global limit alone", () => {
  const scheduler = createScheduler();
  const asks = Array.from(
    { length: 80 },
    (_, n) => askOf("GET", `/invites/code${n}`),
  );
  const ids = enqueueAll(scheduler, asks, T);
  scheduler.poll(T);
  const { leases } = settleAndPoll(scheduler, ids[0] ?? 0, reportOf(T + 50));
  assert.equal(leases.length, 49);
});

for (const status of [304, 400, 401, 403, 404, 429, 500]) {
  Deno.test(`a ${status} that names no bucket does not tell a route from one without limits`, () => {
    const scheduler = createScheduler();
    const read = () => askOf("GET", CHANNEL);
    const [first = 0] = enqueueAll(scheduler, [read()], T);
    scheduler.poll(T);
    settleAndPoll(scheduler, first, reportOf(T + 50, { status }));
    const ids = enqueueAll(scheduler, [read(), read(), read()], T + 100);
    assert.deepEqual(scheduler.poll(T + 100).leases, ids.slice(0, 1));
  });
}

Deno.test("messages of one channel leave one after the other's answer", () => {
  const { scheduler, settleFirst } = measuredChannel();
  const ids = enqueueAll(
    scheduler,
    [message(CHANNEL), message(CHANNEL)],
    T + 100,
  );
  assert.deepEqual(scheduler.poll(T + 100).leases, [ids[0]]);
  assert.deepEqual(settleFirst(ids[0] ?? 0, T + 150), [ids[1]]);
});

Deno.test("messages go side by side when their caller asks for no order", () => {
  const { scheduler } = measuredChannel();
  const asks = [1, 2, 3].map(() => message(CHANNEL, { isOrdered: false }));
  const ids = enqueueAll(scheduler, asks, T + 100);
  assert.deepEqual(scheduler.poll(T + 100).leases, ids);
});

Deno.test("an edit and a deletion of one message keep their order, those of two do not wait", () => {
  const scheduler = createScheduler();
  const ids = enqueueAll(scheduler, [
    askOf("PATCH", `${CHANNEL}/messages/300000000000000001`),
    askOf("DELETE", `${CHANNEL}/messages/300000000000000001`),
    askOf("DELETE", `${CHANNEL}/messages/300000000000000002`),
  ], T);
  assert.deepEqual(scheduler.poll(T).leases, [ids[0], ids[2]]);
});

Deno.test("the head of an order inherits the highest urgency behind it", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1 });
  const blocker = askOf("GET", "/users/@me");
  enqueueAll(scheduler, [blocker], T);
  scheduler.poll(T);
  const ids = enqueueAll(scheduler, [
    askOf("GET", OTHER, { urgency: 2 }),
    message(CHANNEL, { urgency: 6 }),
    message(CHANNEL, { urgency: 0 }),
  ], T);
  const { leases } = scheduler.poll(T + 2_000);
  assert.deepEqual(leases, [ids[1]]);
});

Deno.test("an urgency that has left its order is counted no more, and one that comes is", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1 });
  const [urgent = 0, calm] = enqueueAll(scheduler, [
    message(CHANNEL, { urgency: 0 }),
    message(CHANNEL, { urgency: 6 }),
  ], T);
  assert.deepEqual(scheduler.poll(T).leases, [urgent]);
  settleAndPoll(scheduler, urgent, reportOf(T + 50));
  const [other = 0] = enqueueAll(
    scheduler,
    [askOf("GET", OTHER, { urgency: 2 })],
    T + 100,
  );
  assert.deepEqual(scheduler.poll(T + 2_000).leases, [other]);
  settleAndPoll(scheduler, other, reportOf(T + 2_050));
  enqueueAll(scheduler, [
    askOf("GET", OTHER, { urgency: 2 }),
    message(CHANNEL, { urgency: 0 }),
  ], T + 2_100);
  assert.deepEqual(scheduler.poll(T + 4_000).leases, [calm]);
});

Deno.test("a channel never seen starts full once its hash has been known for a period", () => {
  const { scheduler } = measuredChannel();
  const asks = Array.from(
    { length: 7 },
    () => message(OTHER, { isOrdered: false }),
  );
  const ids = enqueueAll(scheduler, asks, T + 6_000);
  assert.deepEqual(scheduler.poll(T + 6_000).leases, ids.slice(0, 5));
});

Deno.test("a channel never seen is probed while its hash is younger than a period", () => {
  const { scheduler } = measuredChannel();
  const asks = [1, 2].map(() => message(OTHER, { isOrdered: false }));
  const ids = enqueueAll(scheduler, asks, T + 200);
  assert.deepEqual(scheduler.poll(T + 200).leases, [ids[0]]);
});

Deno.test("lines of two routes spend one bucket when their answers name it", () => {
  const scheduler = createScheduler();
  const get = askOf("GET", `${CHANNEL}/messages`);
  const pins = askOf("GET", `${CHANNEL}/pins`);
  enqueueAll(scheduler, [get, pins], T);
  scheduler.poll(T);
  const report = reportOf(T + 50, {
    bucket: bucketOf({ decidedAtMs: T + 25, limit: 2, remaining: 1 }),
  });
  settleAndPoll(scheduler, get.id, report);
  const second = reportOf(T + 51, {
    bucket: bucketOf({
      decidedAtMs: T + 26,
      limit: 2,
      remaining: 0,
      resetAfterMs: 1_999,
    }),
  });
  settleAndPoll(scheduler, pins.id, second);
  enqueueAll(scheduler, [
    askOf("GET", `${CHANNEL}/messages`),
    askOf("GET", `${CHANNEL}/pins`),
  ], T + 60);
  assert.deepEqual(scheduler.poll(T + 60).leases, []);
  const { lines } = scheduler.snapshot(T + 60);
  assert.deepEqual(lines.map(({ hash }) => hash), ["hash-a", "hash-a"]);
});

Deno.test("two identities never share a line or a global limit", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1 });
  const ids = enqueueAll(scheduler, [
    askOf("GET", CHANNEL, { identityId: "bot:1" }),
    askOf("GET", CHANNEL, { identityId: "bot:2" }),
  ], T);
  assert.deepEqual(scheduler.poll(T).leases, ids);
});

Deno.test("interaction callbacks go out while the global limit is spent", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1 });
  enqueueAll(scheduler, [askOf("GET", CHANNEL), askOf("GET", OTHER)], T);
  scheduler.poll(T);
  const callback = askOf(
    "POST",
    "/interactions/300000000000000001/aW50ZXJhY3Rpb246abc/callback",
    { identityId: "none" },
  );
  enqueueAll(scheduler, [callback], T);
  assert.deepEqual(scheduler.poll(T).leases, [callback.id]);
});

Deno.test("a global 429 stops its own identity and lets one request prove it over", () => {
  const scheduler = createScheduler();
  const mine = [CHANNEL, OTHER].map((path) => askOf("GET", path));
  const [first] = enqueueAll(scheduler, mine, T);
  scheduler.poll(T);
  const report = limitedOf(T + 50, "global", 700);
  assert.equal(settleAndPoll(scheduler, first ?? 0, report).verdict, "again");
  settleAndPoll(scheduler, mine[1]?.id ?? 0, reportOf(T + 60));
  const others = enqueueAll(scheduler, [
    askOf("GET", "/guilds/400000000000000001"),
    askOf("GET", CHANNEL, { identityId: "bot:2" }),
  ], T + 100);
  assert.deepEqual(scheduler.poll(T + 100).leases, [others[1]]);
  assert.deepEqual(scheduler.poll(T + 749).leases, []);
  assert.equal(scheduler.poll(T + 750).leases.length, 1);
});

Deno.test("a shared 429 pauses its own line and is no invalid request", () => {
  const scheduler = createScheduler();
  const [first] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  settleAndPoll(scheduler, first ?? 0, limitedOf(T + 50, "shared", 300));
  const [other] = enqueueAll(scheduler, [askOf("GET", OTHER)], T + 60);
  assert.deepEqual(scheduler.poll(T + 60).leases, [other]);
  assert.deepEqual(scheduler.poll(T + 349).leases, []);
  assert.deepEqual(scheduler.poll(T + 350).leases, [first]);
  assert.equal(scheduler.snapshot(T + 350).invalid.count, 0);
});

Deno.test("a retried request keeps its place before the ones that came after it", () => {
  const { scheduler } = measuredChannel();
  const ids = enqueueAll(
    scheduler,
    [1, 2, 3].map(() => message(CHANNEL)),
    T + 100,
  );
  scheduler.poll(T + 100);
  settleAndPoll(scheduler, ids[0] ?? 0, limitedOf(T + 150, "shared", 300));
  assert.deepEqual(scheduler.poll(T + 450).leases, [ids[0]]);
});

Deno.test("a 429 whose wait is longer than the longest allowed is handed back", () => {
  const scheduler = createScheduler({ maxWaitMs: 60_000 });
  const [first] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  const report = limitedOf(T + 50, "user", 61_000);
  assert.equal(settleAndPoll(scheduler, first ?? 0, report).verdict, "done");
});

Deno.test("a wait that is known to be too long is refused at once", () => {
  const scheduler = createScheduler({ maxWaitMs: 60_000 });
  const [first] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  settleAndPoll(scheduler, first ?? 0, limitedOf(T + 50, "user", 100_000));
  const refused = scheduler.enqueue(askOf("GET", CHANNEL), T + 60);
  assert.equal(refused?.code, "wait_too_long");
  assert.equal(
    refused?.message,
    "Cannot queue request: it would wait 100 s, the longest allowed is 60 s",
  );
});

Deno.test("what another process has accepted is refused neither for its wait nor for want of room", () => {
  const scheduler = createScheduler({
    maxWaitMs: 60_000,
    waitingMax: 1,
    lineWaitingMax: 1,
  });
  const [first] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  settleAndPoll(scheduler, first ?? 0, limitedOf(T + 50, "user", 100_000));
  const asks = [1, 2, 3].map(() =>
    askOf("GET", CHANNEL, { isPromised: true, sinceMs: T })
  );
  const refusals = asks.map((ask) => scheduler.enqueue(ask, T + 60));
  assert.deepEqual(refusals, [undefined, undefined, undefined]);
  // They may wait no longer for it.
  const { refused } = scheduler.poll(T + 60_000);
  assert.deepEqual(
    refused.map((one) => [one.id, one.refused.code]),
    asks.map(({ id }) => [id, "wait_too_long"]),
  );
});

Deno.test("a 429 that says nothing of its wait is asked again ever more slowly", () => {
  const scheduler = createScheduler();
  const [id] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  let nowMs = T;
  const sentAtMs: number[] = [];
  scheduler.poll(nowMs);
  for (let round = 0; round < 7; round++) {
    sentAtMs.push(nowMs);
    const report = limitedOf(nowMs + 1, undefined, undefined, {
      sentAtMs: nowMs,
    });
    const { wakeAtMs, leases } = settleAndPoll(scheduler, id ?? 0, report);
    nowMs = leases.length > 0 ? nowMs + 1 : wakeAtMs ?? Infinity;
    if (leases.length === 0) scheduler.poll(nowMs);
  }
  const gaps = sentAtMs.slice(1).map((atMs, index) =>
    atMs - (sentAtMs[index] ?? 0)
  );
  assert.deepEqual(gaps, [1, 501, 1_001, 2_001, 4_001, 8_001]);
});

Deno.test("a deadline that passes while waiting refuses the request", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1 });
  enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  const late = askOf("GET", OTHER, { deadlineAtMs: T + 500 });
  enqueueAll(scheduler, [late], T);
  assert.equal(scheduler.poll(T + 499).wakeAtMs, T + 500);
  const { refused } = scheduler.poll(T + 500);
  assert.deepEqual(refused.map((r) => [r.id, r.refused.code]), [[
    late.id,
    "deadline",
  ]]);
});

Deno.test("a request that waited as long as allowed is refused, and nothing of it is left", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1, maxWaitMs: 900 });
  enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  const [late] = enqueueAll(scheduler, [askOf("GET", OTHER, { bytes: 10 })], T);
  const { refused } = scheduler.poll(T + 900);
  assert.deepEqual(refused.map((r) => [r.id, r.refused.code]), [[
    late,
    "wait_too_long",
  ]]);
  const { waiting, bytes } = scheduler.snapshot(T + 900);
  assert.deepEqual([waiting, bytes], [0, 0]);
});

for (const [what, options, asks] of boundCases()) {
  Deno.test(`beyond ${what} a request is refused as overloaded`, () => {
    const scheduler = createScheduler(options);
    const last = asks.pop();
    if (last === undefined) throw new Error("no ask");
    enqueueAll(scheduler, asks, T);
    const refused = scheduler.enqueue(last, T);
    assert.deepEqual([refused?.code, refused?.retryAfterMs], [
      "overloaded",
      1_000,
    ]);
  });
}

Deno.test("a cancelled request is gone and lets the next of its order go", () => {
  const { scheduler } = measuredChannel();
  const blocker = askOf("POST", `${CHANNEL}/messages`);
  const ids = enqueueAll(scheduler, [
    blocker,
    message(CHANNEL),
    message(CHANNEL),
  ], T + 100);
  scheduler.poll(T + 100);
  assert.equal(scheduler.cancel(ids[1] ?? 0, T + 110), "cancelled");
  assert.equal(scheduler.cancel(ids[0] ?? 0, T + 110), "leased");
  assert.equal(scheduler.cancel(ids[1] ?? 0, T + 110), "unknown");
  const bucket = bucketOf({
    decidedAtMs: T + 125,
    remaining: 3,
    resetAfterMs: 1_900,
  });
  const { leases } = settleAndPoll(
    scheduler,
    ids[0] ?? 0,
    reportOf(T + 150, { bucket }),
  );
  assert.deepEqual(leases, [ids[2]]);
});

Deno.test("settling a lease twice is a broken invariant", () => {
  const scheduler = createScheduler();
  const [id] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  scheduler.settle(id ?? 0, { kind: "lost" }, T + 10);
  assert.throws(
    () => scheduler.settle(id ?? 0, { kind: "lost" }, T + 20),
    /not leased/,
  );
});

Deno.test("a line that is idle and full again is forgotten", () => {
  const { scheduler } = measuredChannel();
  assert.equal(scheduler.snapshot(T).lines.length, 1);
  scheduler.poll(T + 59_000);
  assert.equal(scheduler.snapshot(T).lines.length, 1);
  scheduler.poll(T + 61_000);
  assert.equal(scheduler.snapshot(T).lines.length, 0);
});

Deno.test("a request to be retried later waits that long and goes before its line's others", () => {
  const scheduler = createScheduler();
  const asks = [1, 2].map((n) =>
    askOf("GET", `${CHANNEL}/messages/30000000000000000${n}`)
  );
  const ids = enqueueAll(scheduler, asks, T);
  scheduler.poll(T);
  const outcome = {
    kind: "retry",
    report: undefined,
    notBeforeMs: T + 300,
  } as const;
  assert.equal(scheduler.settle(ids[0] ?? 0, outcome, T + 50), "again");
  assert.deepEqual(scheduler.poll(T + 50).leases, [ids[1]]);
  assert.deepEqual(scheduler.poll(T + 299).leases, []);
  settleAndPoll(scheduler, ids[1] ?? 0, reportOf(T + 299));
  assert.deepEqual(scheduler.poll(T + 300).leases, [ids[0]]);
});

function boundCases(): [
  string,
  Parameters<typeof createScheduler>[0],
  ReturnType<typeof askOf>[],
][] {
  return [
    [
      "3 waiting requests",
      { waitingMax: 3 },
      [1, 2, 3, 4].map((n) => askOf("GET", `/guilds/${n}00000000000000000`)),
    ],
    [
      "2 waiting in one line",
      { lineWaitingMax: 2 },
      [1, 2, 3].map(() => message(CHANNEL)),
    ],
    [
      "100 held bytes",
      { bytesMax: 100 },
      [50, 50, 1].map((bytes) => message(CHANNEL, { bytes })),
    ],
    [
      "2 buckets in use",
      { linesMax: 2 },
      [1, 2, 3].map((n) => askOf("GET", `/guilds/${n}00000000000000000`)),
    ],
  ];
}

/** A scheduler that has seen one message of CHANNEL answered: sliding 5 per 5 s. */
function measuredChannel() {
  const scheduler = createScheduler();
  const asks = [message(CHANNEL), message(CHANNEL)];
  enqueueAll(scheduler, asks, T - 1_000);
  scheduler.poll(T - 1_000);
  settleAndPoll(
    scheduler,
    asks[0]?.id ?? 0,
    reportOf(T - 950, { bucket: bucketOf({ decidedAtMs: T - 975 }) }),
  );
  const moved = bucketOf({
    decidedAtMs: T - 925,
    remaining: 3,
    resetAfterMs: 1_950,
  });
  settleAndPoll(
    scheduler,
    asks[1]?.id ?? 0,
    reportOf(T - 900, { bucket: moved }),
  );
  const settleFirst = (id: number, atMs: number) =>
    settleAndPoll(
      scheduler,
      id,
      reportOf(atMs, {
        bucket: bucketOf({
          decidedAtMs: atMs - 25,
          resetAfterMs: 3_000,
          remaining: 2,
        }),
      }),
    ).leases;
  return { scheduler, settleFirst };
}

function message(channel: string, change: Parameters<typeof askOf>[2] = {}) {
  return askOf("POST", `${channel}/messages`, change);
}
