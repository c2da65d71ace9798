import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { LimitReport } from "../../../rest/domain/limit_report.ts";
import type { Ask, Scheduler } from "../../../rest/scheduler/types.ts";
import {
  askOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "../_builders.ts";

const T = START_MS;
/** What a check of the token found. */
const REJECTED = true;
const ACCEPTED = false;

const GUILD = "/guilds/400000000000000001";
const HOOK = "/webhooks/500000000000000001/hook-token";

Deno.test("a Cloudflare 429 stops every identity and lane until its Retry-After, then one probes", () => {
  const scheduler = createScheduler();
  const [first] = sendOne(scheduler, askOf("GET", GUILD), T);
  settleAndPoll(scheduler, first ?? 0, blockOf(T + 50, 30_000));
  const others = enqueueAll(scheduler, [
    askOf("GET", "/users/@me", { identityId: "bot:2" }),
    askOf("POST", HOOK, { identityId: "none" }),
  ], T + 100);
  assert.deepEqual(scheduler.poll(T + 30_049).leases, []);
  const [probe, ...rest] = scheduler.poll(T + 30_050).leases;
  assert.deepEqual(rest, []);
  const { leases } = settleAndPoll(scheduler, probe ?? 0, reportOf(T + 30_100));
  assert.deepEqual(
    new Set([probe, ...leases]),
    new Set([first, ...others]),
  );
});

Deno.test("a Cloudflare block longer than the longest wait refuses newcomers with its rest", () => {
  const scheduler = createScheduler({ maxWaitMs: 60_000 });
  const [first] = sendOne(scheduler, askOf("GET", GUILD), T);
  const { verdict } = settleAndPoll(
    scheduler,
    first ?? 0,
    blockOf(T + 50, 3_600_000),
  );
  assert.equal(verdict, "done");
  const refused = scheduler.enqueue(askOf("GET", GUILD), T + 50);
  assert.deepEqual([refused?.code, refused?.retryAfterMs], [
    "blocked",
    3_600_000,
  ]);
});

Deno.test("a 401 on the bot's own token starts one check, however many there are", () => {
  const scheduler = createScheduler();
  const asks = [1, 2].map((n) => askOf("GET", `/guilds/${n}00000000000000000`));
  enqueueAll(scheduler, asks, T);
  scheduler.poll(T);
  for (const ask of asks) {
    settle(scheduler, ask.id, reportOf(T + 50, { status: 401 }));
  }
  assert.deepEqual(scheduler.poll(T + 50).credentialChecks, ["bot:1"]);
  assert.deepEqual(scheduler.poll(T + 51).credentialChecks, []);
});

Deno.test("a check that answers 200 leaves the identity as it was", () => {
  const scheduler = checkingScheduler();
  scheduler.credentialChecked("bot:1", ACCEPTED, T + 100);
  const [next] = enqueueAll(scheduler, [askOf("GET", GUILD)], T + 100);
  assert.deepEqual(scheduler.poll(T + 100).leases, [next]);
});

Deno.test("a check that answers 401 refuses what waits and what comes, and is asked again each minute", () => {
  const scheduler = checkingScheduler();
  const waiting = [1, 2].map(() => askOf("POST", `${GUILD}/channels`));
  enqueueAll(scheduler, waiting, T + 60);
  const { leases } = scheduler.poll(T + 60);
  scheduler.credentialChecked("bot:1", REJECTED, T + 100);
  const { refused } = scheduler.poll(T + 100);
  assert.deepEqual(leases, [waiting[0]?.id]);
  assert.deepEqual(refused.map((r) => [r.id, r.refused.code]), [
    [waiting[1]?.id, "token_rejected"],
  ]);
  assert.equal(
    scheduler.enqueue(askOf("GET", GUILD), T + 200)?.code,
    "token_rejected",
  );
  assert.equal(
    scheduler.enqueue(askOf("GET", GUILD, { identityId: "bot:2" }), T + 200),
    undefined,
  );
  assert.deepEqual(scheduler.poll(T + 60_099).credentialChecks, []);
  assert.deepEqual(scheduler.poll(T + 60_100).credentialChecks, ["bot:1"]);
  scheduler.credentialChecked("bot:1", ACCEPTED, T + 60_150);
  assert.equal(scheduler.enqueue(askOf("GET", GUILD), T + 60_150), undefined);
});

Deno.test("a 401 on a caller's own token is the caller's alone", () => {
  const scheduler = createScheduler();
  const ask = askOf("GET", GUILD, {
    isOwnToken: false,
    identityId: "bearer:a",
  });
  sendOne(scheduler, ask, T);
  settle(scheduler, ask.id, reportOf(T + 50, { status: 401 }));
  assert.deepEqual(scheduler.poll(T + 50).credentialChecks, ["bearer:a"]);
  const isRejected = true;
  scheduler.credentialChecked("bearer:a", isRejected, T + 100);
  const other = askOf("GET", GUILD);
  assert.equal(scheduler.enqueue(other, T + 110), undefined);
  assert.deepEqual(scheduler.poll(T + 110).leases, [other.id]);
});

Deno.test("a webhook that is gone is refused for ten minutes without being asked for", () => {
  const scheduler = createScheduler();
  const ask = askOf("POST", HOOK, { identityId: "none" });
  sendOne(scheduler, ask, T);
  settle(
    scheduler,
    ask.id,
    reportOf(T + 50, { status: 404, errorCode: 10015 }),
  );
  const again = (atMs: number) =>
    scheduler.enqueue(askOf("POST", HOOK, { identityId: "none" }), atMs)?.code;
  assert.equal(again(T + 600_049), "webhook_gone");
  assert.equal(again(T + 600_050), undefined);
});

for (
  const [what, path, errorCode] of [
    ["a 404 for another reason", HOOK, 10008],
    [
      "an interaction token",
      "/webhooks/500000000000000001/aW50ZXJhY3Rpb246abc",
      10015,
    ],
  ] as const
) {
  Deno.test(`${what} does not mark a webhook as gone`, () => {
    const scheduler = createScheduler();
    const ask = askOf("POST", path, { identityId: "none" });
    sendOne(scheduler, ask, T);
    settle(scheduler, ask.id, reportOf(T + 50, { status: 404, errorCode }));
    const refused = scheduler.enqueue(
      askOf("POST", path, { identityId: "none" }),
      T + 60,
    );
    assert.equal(refused, undefined);
  });
}

Deno.test("at the ceiling of invalid requests newcomers are refused and told when to return", () => {
  const scheduler = createScheduler({ invalidCeiling: 10 });
  const warnings = failTimes(scheduler, 10);
  const refused = scheduler.enqueue(askOf("GET", "/users/@me"), T + 2_000);
  assert.equal(refused?.code, "invalid_budget");
  assert.ok((refused?.retryAfterMs ?? 0) > 590_000);
  assert.deepEqual(warnings, [
    "Near the limit of invalid requests: 8 of 10 in 10 minutes, failing routes are held",
  ]);
});

Deno.test("near the ceiling a route that has not failed is let through, one that has is not", () => {
  const scheduler = createScheduler({ invalidCeiling: 10 });
  failTimes(scheduler, 8);
  assert.equal(
    scheduler.enqueue(askOf("GET", "/users/@me"), T + 2_000),
    undefined,
  );
  assert.equal(
    scheduler.enqueue(askOf("GET", GUILD), T + 2_000)?.code,
    "invalid_budget",
  );
});

for (const [where, count] of [["at", 10], ["near", 8]] as const) {
  Deno.test(`${where} the ceiling what waits already is refused when it cannot go in its time`, () => {
    const { scheduler, waiting } = waitingAt(count, 240_000);
    const { leases, refused } = scheduler.poll(T + 2_000);
    assert.deepEqual(leases, []);
    assert.deepEqual(refused.map(({ id, refused: { code } }) => [id, code]), [
      [waiting, "invalid_budget"],
    ]);
    assert.ok((refused[0]?.refused.retryAfterMs ?? 0) > 590_000);
  });

  Deno.test(`${where} the ceiling what waits already goes when the budget eases in its time`, () => {
    const { scheduler, waiting } = waitingAt(count, 900_000);
    const { refused, wakeAtMs = 0 } = scheduler.poll(T + 2_000);
    assert.deepEqual(refused, []);
    const leases: number[] = [];
    for (let atMs = wakeAtMs; leases.length === 0 && atMs < T + 610_000;) {
      const poll = scheduler.poll(atMs);
      leases.push(...poll.leases);
      atMs = poll.wakeAtMs ?? Infinity;
    }
    assert.deepEqual(leases, [waiting]);
  });
}

/** A request that waits for one under way on a route that has failed `count` times since, and may go now. */
function waitingAt(
  count: number,
  maxWaitMs: number,
): { scheduler: Scheduler; waiting: number } {
  const scheduler = createScheduler({ invalidCeiling: 10, maxWaitMs });
  const path = `${GUILD}/roles`;
  const [first = 0, waiting = 0] = enqueueAll(scheduler, [
    askOf("POST", path),
    askOf("POST", path),
  ], T);
  assert.deepEqual(scheduler.poll(T).leases, [first]);
  failTimes(scheduler, count - 1);
  settle(scheduler, first, reportOf(T + 2_000, { status: 403 }));
  return { scheduler, waiting };
}

/** A scheduler in which the own token of bot:1 has just been doubted. */
function checkingScheduler(): Scheduler {
  const scheduler = createScheduler();
  const ask = askOf("GET", GUILD);
  sendOne(scheduler, ask, T);
  settle(scheduler, ask.id, reportOf(T + 50, { status: 401 }));
  scheduler.poll(T + 50);
  return scheduler;
}

/** Has one route answer 403 `count` times; returns the warnings told. */
function failTimes(scheduler: Scheduler, count: number): string[] {
  const warnings: string[] = [];
  for (let index = 0; index < count; index++) {
    const nowMs = T + index * 100;
    // Near the ceiling the failing route itself is held, so the last ones fail elsewhere.
    const ask = askOf(
      "GET",
      ["/gateway", "/sticker-packs"][index - 8] ?? GUILD,
    );
    sendOne(scheduler, ask, nowMs);
    settle(scheduler, ask.id, reportOf(nowMs + 50, { status: 403 }));
    warnings.push(...scheduler.poll(nowMs + 50).warnings ?? []);
  }
  return warnings;
}

function sendOne(scheduler: Scheduler, ask: Ask, atMs: number): number[] {
  const ids = enqueueAll(scheduler, [ask], atMs);
  assert.deepEqual(scheduler.poll(atMs).leases, ids);
  return ids;
}

function settle(scheduler: Scheduler, id: number, report: LimitReport): void {
  scheduler.settle(id, { kind: "answered", report }, report.receivedAtMs);
}

function blockOf(atMs: number, retryAfterMs: number): LimitReport {
  return limitedOf(atMs, undefined, retryAfterMs, {
    rateLimited: { scope: undefined, retryAfterMs, isCloudflareBlock: true },
  });
}
