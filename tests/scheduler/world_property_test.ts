import assert from "node:assert/strict";
import { createRandom } from "../../sim/model/random.ts";
import type { RouteRule } from "../../sim/model/limit_rule.ts";
import {
  type Fate,
  type Plan,
  runWorld,
  type WorldOptions,
  type WorldReport,
} from "./_world.ts";

/**
 * Random traces of requests, answers and losses, judged by the simulated
 * Discord. `SIM_SEEDS=1,2,3` chooses the seeds, `SIM_SEEDS=new` draws fifty
 * (`deno task sim:hunt`). A failure names the command that replays it.
 */
const SEEDS = seedsOf(Deno.env.get("SIM_SEEDS") ?? "1,2,3,4,5,6,7,8");

const RULES: readonly RouteRule[] = [
  { match: "POST /channels/{}/messages", limit: 5, periodMs: 5_000 },
  { match: "GET /channels/{}/messages/{}", limit: 10, periodMs: 5_000 },
  {
    match: "PUT /guilds/{}/members/{}/roles/{}",
    limit: 10,
    periodMs: 10_000,
    kind: "fixed",
  },
  { match: "GET /invites/{}", headerless: true },
  { match: "PATCH /channels/{}", limit: 5, periodMs: 15_000 },
];

for (const seed of SEEDS) {
  Deno.test(`world: no published limit is overspent (seed ${seed})`, () => {
    const report = runWorld(trace(seed), worldOf(seed));
    assert.deepEqual(report.limited, {}, replayOf(seed));
  });

  Deno.test(`world: no published limit is overspent though a tenth of the answers are lost (seed ${seed})`, () => {
    const report = runWorld(trace(seed), { ...worldOf(seed), lossShare: 0.1 });
    assert.deepEqual(report.limited, {}, replayOf(seed));
  });

  Deno.test(`world: every request is answered or refused within the longest wait (seed ${seed})`, () => {
    const report = runWorld(trace(seed), {
      ...worldOf(seed),
      lossShare: 0.05,
      scheduler: { maxWaitMs: 60_000 },
    });
    assertSettled(report, 60_000, seed);
  });

  Deno.test(`world: order is kept through losses and faults (seed ${seed})`, () => {
    const report = runWorld(trace(seed), faultyWorldOf(seed));
    assertSettled(report, 240_000, seed);
    assertOrdered(report.fates, seed);
  });

  Deno.test(`world: a limit that changes under way is met with few 429s and kept again (seed ${seed})`, () => {
    const report = runWorld(trace(seed), {
      ...worldOf(seed),
      model: {
        ...worldOf(seed).model,
        changes: [
          { afterMs: 4_000, match: "POST /channels/{}/messages", limit: 3 },
          {
            afterMs: 8_000,
            match: "GET /channels/{}/messages/{}",
            kind: "fixed",
          },
          {
            afterMs: 12_000,
            match: "POST /channels/{}/messages",
            rotateHash: "b",
          },
        ],
      },
    });
    assertSettled(report, 240_000, seed);
    const limited = report.limited["user"] ?? 0;
    assert.ok(limited <= 40, `${limited} 429s; ${replayOf(seed)}`);
  });

  Deno.test(`world: a hidden limit behind a huge announced one is met again and again, but not hammered (seed ${seed})`, () => {
    const plans = Array.from({ length: 60 }, (_, index): Plan => ({
      method: "GET",
      path: `/channels/1/messages/${20_000 + index}`,
    }));
    const report = runWorld(plans, {
      ...worldOf(seed),
      model: {
        rules: [{
          match: "GET /channels/{}/messages/{}",
          limits: [
            { limit: 1_000, periodMs: 600_000 },
            { name: "hidden", limit: 5, periodMs: 5_000, isHidden: true },
          ],
        }],
      },
    });
    assertSettled(report, 240_000, seed);
    assert.ok(
      report.fates.every((fate) => fate.status === 200),
      replayOf(seed),
    );
    const limited = report.limited["user"] ?? 0;
    assert.ok(limited <= 75, `${limited} 429s; ${replayOf(seed)}`);
  });
}

Deno.test("world: callers with little waiting are not held up by one with much", () => {
  const flood = Array.from({ length: 1_000 }, (_, index): Plan => ({
    method: "GET",
    path: `/channels/${10_000 + index}`,
    caller: "flood",
  }));
  const modest = Array.from({ length: 20 }, (_, index): Plan => ({
    atMs: 100,
    method: "GET",
    path: `/channels/${50_000 + index}`,
    caller: "modest",
  }));
  const report = runWorld([...flood, ...modest], worldOf(1));
  const modestMs = report.fates.filter((fate) => fate.plan.caller === "modest")
    .map((fate) => fate.doneAtMs ?? Infinity);
  // 20 of them in turn with the flood are 40 of the 50 tokens that come back after one second.
  assert.ok(Math.max(...modestMs) < 7_200, `${Math.max(...modestMs)}`);
});

function seedsOf(wish: string): number[] {
  if (wish !== "new") return wish.split(",").map(Number);
  return Array.from({ length: 50 }, () => Math.floor(Math.random() * 1e9));
}

function worldOf(seed: number): WorldOptions {
  return {
    seed,
    model: { seed, rules: RULES, globalLimit: { window: "sliding" } },
    wayIn: { minMs: 0, maxMs: seed % 2 === 0 ? 20 : 0 },
    wayOut: { minMs: 10, maxMs: 110 },
  };
}

function faultyWorldOf(seed: number): WorldOptions {
  const base = worldOf(seed);
  return {
    ...base,
    lossShare: 0.02,
    model: {
      ...base.model,
      faults: [{
        probability: 0.05,
        fault: { kind: "limited", scope: "shared", retryAfterMs: 300 },
      }],
    },
  };
}

/** 400 requests over 20 s: bursts, several channels, all kinds of limits. */
function trace(seed: number): Plan[] {
  const random = createRandom(seed * 7_919);
  const pick = (count: number) => Math.floor(random() * count);
  return Array.from({ length: 400 }, (_, index): Plan => {
    const channel = 1_000 + pick(6);
    const atMs = Math.floor(random() * 20_000 / 500) * 500 + pick(5);
    const plans: Plan[] = [
      {
        method: "POST",
        path: `/channels/${channel}/messages`,
        json: { content: `m ${index}` },
      },
      { method: "GET", path: `/channels/${channel}/messages/${9_000 + index}` },
      { method: "PUT", path: `/guilds/1/members/${index}/roles/3` },
      { method: "GET", path: `/invites/code${index}` },
      { method: "PATCH", path: `/channels/${channel}`, json: { nsfw: true } },
    ];
    const plan = plans[pick(plans.length)] as Plan;
    return { ...plan, atMs, caller: `c${pick(3)}` };
  }).sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
}

function assertSettled(
  report: WorldReport,
  longestMs: number,
  seed: number,
): void {
  for (const { plan, doneAtMs } of report.fates) {
    const tookMs = (doneAtMs ?? Infinity) - 5_000 - (plan.atMs ?? 0);
    // A request leased at the last moment still takes its way to Discord and back.
    assert.ok(tookMs <= longestMs + 500, `${tookMs} ms; ${replayOf(seed)}`);
  }
  const { waiting, inFlight, bytes } = report.scheduler.snapshot(
    report.endedAtMs,
  );
  assert.deepEqual({ waiting, inFlight, bytes }, {
    waiting: 0,
    inFlight: 0,
    bytes: 0,
  }, replayOf(seed));
}

/** Messages of one channel were executed in the order they were handed over. */
function assertOrdered(fates: readonly Fate[], seed: number): void {
  const last = new Map<string, number>();
  for (const { plan, arrivals } of fates) {
    if (plan.method !== "POST") continue;
    const done = arrivals.find((arrival) => arrival.status === 200);
    if (done === undefined) continue;
    const before = last.get(plan.path) ?? -1;
    assert.ok(done.atMs > before, `${plan.path}; ${replayOf(seed)}`);
    last.set(plan.path, done.atMs);
  }
}

function replayOf(seed: number): string {
  return `replay: SIM_SEEDS=${seed} deno task sim`;
}
