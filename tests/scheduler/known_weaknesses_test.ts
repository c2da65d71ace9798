/**
 * What other libraries and proxies do wrong with Discord's limits, by reading
 * their sources or measuring them (2026-11), one claim each that ours does not.
 */
import assert from "node:assert/strict";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import type { ScriptedFault } from "../../sim/model/fault.ts";
import type { RouteRule } from "../../sim/model/limit_rule.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "./_builders.ts";
import {
  type Plan,
  runWorld,
  WORLD_START_MS,
  type WorldReport,
} from "./_world.ts";

const T = START_MS;
const CHANNEL = "/channels/200000000000000001";

Deno.test("discordeno sends one a second to a route without headers; here they go together", () => {
  const rules = [{ match: "GET /invites/{}", headerless: true }];
  const report = world(reads(7, (n) => `/invites/code${n}`), rules);
  assert.ok(report.makespanMs < 200, `${report.makespanMs} ms`);
});

Deno.test("discordeno and discord.js send bursts of five with five seconds between; here a token leaves as it comes", () => {
  const report = world(posts(12), [SLIDING]);
  const gaps = gapsOf(report).slice(5);
  assert.ok(Math.max(...gaps) < 1_100, `gaps of ${gaps}`);
});

Deno.test("discordeno and discord.js meet a 429 where POST and PATCH share a bucket; here there is none", () => {
  const rules = ["POST /channels/{}/messages", "PATCH /channels/{}/messages/{}"]
    .map((match): RouteRule => ({
      match,
      limit: 5,
      periodMs: 5_000,
      bucket: "both",
    }));
  const plans = Array.from(
    { length: 12 },
    (_, n): Plan =>
      n % 2 === 0
        ? {
          method: "POST",
          path: "/channels/1/messages",
          json: { content: `m ${n}` },
        }
        : {
          method: "PATCH",
          path: `/channels/1/messages/${n}`,
          json: { content: "e" },
        },
  );
  // The first answers tell that the two are one; until then each route has probed once.
  assert.deepEqual(world(plans, rules).limited, {});
});

Deno.test("discordeno asks every second through a Cloudflare block without Retry-After; here one probe a minute, then rarer", () => {
  const scheduler = createScheduler({ maxWaitMs: 3_600_000 });
  const [id = 0] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  const sentAtMs: number[] = [];
  let nowMs = T;
  for (let round = 0; round < 4; round++) {
    const poll = scheduler.poll(nowMs);
    if (poll.leases.length === 0) throw new Error("nothing was leased");
    sentAtMs.push(nowMs);
    const blocked = limitedOf(nowMs + 1, undefined, undefined, {
      sentAtMs: nowMs,
      rateLimited: {
        scope: undefined,
        retryAfterMs: undefined,
        isCloudflareBlock: true,
      },
    });
    nowMs = settleAndPoll(scheduler, id, blocked).wakeAtMs ?? Infinity;
  }
  const gaps = sentAtMs.slice(1).map((atMs, n) => atMs - (sentAtMs[n] ?? 0));
  assert.deepEqual(gaps.map((gap) => Math.round(gap / 1_000)), [60, 120, 240]);
});

Deno.test("discord.js asks a mute 429 once per round trip without end; here ever more slowly", () => {
  const report = world(reads(1, () => "/channels/1"), [], [
    ...Array.from({ length: 5 }, () => ({
      match: "GET /channels/{}",
      fault: {
        kind: "limited" as const,
        scope: "user" as const,
        retryAfterMs: 0,
      },
    })),
  ]);
  const arrivals = report.fates[0]?.arrivals ?? [];
  assert.equal(arrivals.length, 6);
  const spanMs = (arrivals.at(-1)?.atMs ?? 0) - (arrivals[0]?.atMs ?? 0);
  assert.ok(spanMs > 7_000, `${spanMs} ms`);
});

Deno.test("discordeno, eris and nirn hold every request of a channel behind a rename that waits; here edits pass", () => {
  const plans: Plan[] = [
    ...[1, 2, 3].map((n): Plan => ({
      method: "PATCH",
      path: "/channels/1",
      json: { name: `n${n}` },
    })),
    {
      atMs: 20_000,
      method: "PATCH",
      path: "/channels/1",
      json: { nsfw: true },
    },
  ];
  const report = runWorld(plans, { scheduler: { maxWaitMs: 900_000 } });
  const editMs = (report.fates[3]?.doneAtMs ?? Infinity) - WORLD_START_MS;
  assert.ok(editMs < 20_500, `${editMs} ms`);
});

Deno.test("discord.js lets a hundred through across the boundary of its second; here no second holds more than fifty", () => {
  const report = world(reads(200, (n) => `/channels/${1_000 + n}`), []);
  const arrivals = arrivalsOf(report);
  for (const [n, atMs] of arrivals.entries()) {
    const fiftyLater = arrivals[n + 50] ?? Infinity;
    assert.ok(fiftyLater - atMs >= 1_000, `51 within ${fiftyLater - atMs} ms`);
  }
});

Deno.test("discord.js waits for a full bucket after a 429; here for the token it was told of", () => {
  const scheduler = createScheduler();
  const [id = 0] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  const bucket = bucketOf({
    decidedAtMs: T + 25,
    remaining: 0,
    resetAfterMs: 5_000,
  });
  const report = limitedOf(T + 50, "user", 300, { bucket });
  assert.equal(settleAndPoll(scheduler, id, report).wakeAtMs, T + 350);
});

Deno.test("discord.js counts shared 429s as invalid requests; here they are not", () => {
  const scheduler = createScheduler();
  const [id = 0] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  settleAndPoll(scheduler, id, limitedOf(T + 50, "shared", 300));
  assert.equal(scheduler.snapshot(T + 50).invalid.count, 0);
});

Deno.test("twilight puts all unknown routes of a channel into one queue of one; here each goes by itself", () => {
  const scheduler = createScheduler();
  const ids = enqueueAll(scheduler, [
    askOf("GET", CHANNEL),
    askOf("GET", `${CHANNEL}/pins`),
    askOf("GET", `${CHANNEL}/invites`),
  ], T);
  assert.deepEqual(scheduler.poll(T).leases, ids);
});

Deno.test("twilight keeps a map by full path; here ten thousand message ids are one line", () => {
  const scheduler = createScheduler();
  const asks = Array.from(
    { length: 10_000 },
    (_, n) => askOf("GET", `${CHANNEL}/messages/${300_000_000_000 + n}00000`),
  );
  enqueueAll(scheduler, asks, T);
  assert.equal(scheduler.snapshot(T).lines.length, 1);
});

Deno.test("twilight does not wait after a global 429; here its identity does", () => {
  const scheduler = createScheduler();
  const [id = 0] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  const report = limitedOf(T + 50, "global", 661);
  const { leases, wakeAtMs } = settleAndPoll(scheduler, id, report);
  assert.deepEqual([leases, wakeAtMs], [[], T + 711]);
});

Deno.test("the twilight proxy knows no route it was not taught; here an unknown one goes by the same rule", () => {
  const scheduler = createScheduler();
  const ask = askOf("POST", "/guilds/400000000000000001/things-of-2030/5");
  const [id] = enqueueAll(scheduler, [ask], T);
  assert.deepEqual(scheduler.poll(T).leases, [id]);
});

Deno.test("nirn has GET and POST of one path wait for each other; here they do not", () => {
  const scheduler = createScheduler();
  const ids = enqueueAll(scheduler, [
    askOf("POST", `${CHANNEL}/messages`),
    askOf("GET", `${CHANNEL}/messages`),
  ], T);
  assert.deepEqual(scheduler.poll(T).leases, ids);
});

Deno.test("nirn spends global tokens on requests that wait for a bucket; here another route may use them", () => {
  const waiting = Array.from({ length: 60 }, (_, n): Plan => ({
    method: "POST",
    path: "/channels/1/messages",
    json: { content: `m ${n}` },
  }));
  const report = world([...waiting, {
    atMs: 1_500,
    method: "GET",
    path: "/channels/2",
  }], [SLIDING]);
  const readMs = (report.fates.at(-1)?.doneAtMs ?? Infinity) - WORLD_START_MS;
  assert.ok(readMs < 1_600, `${readMs} ms`);
});

Deno.test("serenity lets everybody go at once after a 429's wait; here one proves it over first", () => {
  const scheduler = createScheduler();
  const asks = Array.from(
    { length: 20 },
    (_, n) => askOf("GET", `${CHANNEL}/messages/30000000000000000${n}`),
  );
  const ids = enqueueAll(scheduler, asks, T);
  scheduler.poll(T);
  settleAndPoll(scheduler, ids[0] ?? 0, limitedOf(T + 50, "shared", 300));
  assert.deepEqual(scheduler.poll(T + 350).leases, [ids[0]]);
});

Deno.test("serenity, JDA and eris send one at a time or know no hash; here five free tokens are five requests", () => {
  const scheduler = createScheduler();
  const asks = Array.from(
    { length: 6 },
    (_, n) => askOf("GET", `${CHANNEL}/messages/30000000000000000${n}`),
  );
  const ids = enqueueAll(scheduler, asks, T);
  scheduler.poll(T);
  const bucket = bucketOf({ decidedAtMs: T + 25, limit: 6, remaining: 5 });
  const { leases } = settleAndPoll(
    scheduler,
    ids[0] ?? 0,
    reportOf(T + 50, { bucket }),
  );
  assert.equal(leases.length, 5);
});

Deno.test("hikari, JDA and most others probe every new channel; here one of a known hash starts full", () => {
  const warm: Plan = {
    method: "POST",
    path: "/channels/9/messages",
    json: { content: "m 0" },
  };
  const plans = Array.from(
    { length: 5 },
    (_, n): Plan => ({
      atMs: 20_000,
      method: "GET",
      path: `/channels/1/messages/${n}`,
    }),
  );
  const rules = [{
    match: "GET /channels/{}/messages/{}",
    limit: 5,
    periodMs: 5_000,
  }];
  const warmRead: Plan = { method: "GET", path: "/channels/9/messages/1" };
  const report = world([warm, warmRead, ...plans], rules);
  const sentAtMs = report.fates.slice(2).map((fate) => fate.arrivals[0]?.atMs);
  assert.equal(new Set(sentAtMs).size, 1);
});

Deno.test("discord.py holds back the answer that empties a bucket; here it is done when it is here", () => {
  const scheduler = createScheduler();
  const [id = 0] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  const bucket = bucketOf({ decidedAtMs: T + 25, limit: 1, remaining: 0 });
  assert.equal(
    settleAndPoll(scheduler, id, reportOf(T + 50, { bucket })).verdict,
    "done",
  );
});

Deno.test("JDA keeps the first hash it sees for ever; here a route follows its new one", () => {
  const scheduler = createScheduler();
  for (const [n, hash] of ["hash-a", "hash-b"].entries()) {
    const atMs = T + n * 100;
    const [id = 0] = enqueueAll(scheduler, [askOf("GET", CHANNEL)], atMs);
    scheduler.poll(atMs);
    settleAndPoll(
      scheduler,
      id,
      reportOf(atMs + 50, {
        bucket: bucketOf({ decidedAtMs: atMs + 25, hash }),
      }),
    );
  }
  enqueueAll(scheduler, [askOf("GET", CHANNEL)], T + 300);
  const { lines } = scheduler.snapshot(T + 300);
  assert.equal(lines.find((line) => line.waiting === 1)?.hash, "hash-b");
});

const SLIDING: RouteRule = {
  match: "POST /channels/{}/messages",
  limit: 5,
  periodMs: 5_000,
};

function world(
  plans: readonly Plan[],
  rules: readonly RouteRule[],
  script: readonly ScriptedFault[] = [],
): WorldReport {
  return runWorld(plans, {
    model: { rules, script, globalLimit: { window: "sliding" } },
  });
}

function reads(count: number, path: (n: number) => string): Plan[] {
  return Array.from(
    { length: count },
    (_, n) => ({ method: "GET", path: path(n) }),
  );
}

function posts(count: number): Plan[] {
  return Array.from({ length: count }, (_, n) => ({
    method: "POST",
    path: "/channels/1/messages",
    json: { content: `m ${n}` },
  }));
}

function arrivalsOf(report: WorldReport): number[] {
  return report.fates.flatMap((fate) =>
    fate.arrivals.map((arrival) => arrival.atMs)
  )
    .sort((a, b) => a - b);
}

function gapsOf(report: WorldReport): number[] {
  const arrivals = arrivalsOf(report);
  return arrivals.slice(1).map((atMs, n) => atMs - (arrivals[n] ?? 0));
}
