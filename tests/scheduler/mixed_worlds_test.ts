import assert from "node:assert/strict";
import { createRandom, type Random } from "../../sim/model/random.ts";
import type { LimitSpec, RouteRule } from "../../sim/model/limit_rule.ts";
import { type Fate, type Plan, runWorld } from "./_world.ts";

/**
 * Worlds that mix counters that span lines, second buckets, hidden limits of
 * members and sound routes, with bursts of random plans, judged by the
 * simulator's books. `SIM_SEEDS=1,2,3` chooses the seeds; a failure names its.
 */
const SEEDS = (Deno.env.get("SIM_SEEDS") ?? "1,2,3,4,5,6,7,8,9,10,11,12")
  .split(",").map((seed) => seed === "new" ? Math.random() * 1e9 : +seed);

const JOIN = "PUT /channels/{}/thread-members/@me";
const READ = "GET /channels/{}/messages/{}";
const POST = "POST /channels/{}/messages";
const HOOK = "POST /webhooks/{}/{}";
const SOUND = "GET /guilds/{}/roles";

const LONGEST_MS = 240_000;
const THREADS = 40;
const WEBHOOKS = 12;

for (const seed of SEEDS) {
  Deno.test(`mixed world: every request is done or refused in time, in order, with few 429s (seed ${seed})`, () => {
    const random = createRandom(seed * 131);
    const rules = rulesOf(random);
    const { fates, scheduler, endedAtMs } = runWorld(tracesOf(random), {
      seed,
      wayIn: { minMs: 0, maxMs: 15 },
      wayOut: { minMs: 20, maxMs: 90 },
      model: {
        seed,
        rules,
        globalLimit: { limit: 200, window: "sliding" },
        accounts: {
          guildOf: listOf(THREADS, (n) => [`${100 + n}`, `g${n % 2}`]),
          channelOf: listOf(WEBHOOKS, (n) => [`${500 + n}`, "c"]),
        },
      },
      scheduler: { globalLimitOf: () => 200, maxWaitMs: LONGEST_MS },
    });
    const told = `replay: SIM_SEEDS=${seed}`;
    for (const { plan, doneAtMs = Infinity, status, refused } of fates) {
      const tookMs = doneAtMs - 5_000 - (plan.atMs ?? 0);
      assert.ok(tookMs <= LONGEST_MS + 500, `${tookMs} ms; ${told}`);
      const isDone = status !== undefined && status < 300;
      assert.ok(isDone || refused !== undefined || status === 429, told);
    }
    assertOrdered(fates, told);
    const sound = limitedOf(fates, (path) => path.endsWith("/roles"));
    assert.equal(sound, 0, told);
    // A volley may meet what nobody could know; after that a few each window.
    const limited = limitedOf(fates, () => true);
    assert.ok(limited <= fates.length / 5, `${limited} 429s; ${told}`);
    const { waiting, inFlight, bytes } = scheduler.snapshot(endedAtMs);
    assert.deepEqual([waiting, inFlight, bytes], [0, 0, 0], told);
  });
}

function rulesOf(random: Random): RouteRule[] {
  const kind = () => random() < 0.5 ? "fixed" as const : "sliding" as const;
  const shows = () => random() < 0.5 ? "own" as const : "route" as const;
  const hidden = (change: Partial<LimitSpec>): LimitSpec => ({
    name: "hidden",
    limit: 3 + Math.floor(random() * 8),
    periodMs: 2_000 + Math.floor(random() * 3_000),
    kind: kind(),
    isHidden: true,
    ...change,
  });
  return [
    { match: JOIN, limit: 10, periodMs: 2_000, kind: kind(), per: "guild" },
    {
      match: READ,
      limits: [{ limit: 1_000, periodMs: 600_000 }, hidden({ shows: shows() })],
    },
    { match: POST, limit: 5, periodMs: 5_000, kind: kind() },
    {
      match: HOOK,
      limits: [
        { limit: 5, periodMs: 2_000 },
        hidden({ per: "channel", scope: "shared" }),
      ],
    },
    { match: SOUND, limit: 10, periodMs: 1_000, kind: kind() },
  ];
}

/** 300 requests in bursts over 20 s. */
function tracesOf(random: Random): Plan[] {
  const pick = (count: number) => Math.floor(random() * count);
  return Array.from({ length: 300 }, (_, n): Plan => {
    const hook = pick(WEBHOOKS);
    const plans: Plan[] = [
      {
        method: "PUT",
        path: `/channels/${100 + pick(THREADS)}/thread-members/@me`,
      },
      { method: "GET", path: `/channels/${1 + pick(3)}/messages/${9_000 + n}` },
      {
        method: "POST",
        path: `/channels/${1 + pick(6)}/messages`,
        json: { content: `m ${n}` },
      },
      {
        method: "POST",
        path: `/webhooks/${500 + hook}/token${hook}`,
        json: { content: `w ${n}` },
      },
      { method: "GET", path: `/guilds/${1 + pick(8)}/roles` },
    ];
    const plan = plans[pick(plans.length)] as Plan;
    return { ...plan, atMs: pick(8) * 2_500 + pick(4), caller: `k/${pick(3)}` };
  }).sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
}

function listOf(
  count: number,
  pairOf: (n: number) => [string, string],
): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => pairOf(n)));
}

function limitedOf(
  fates: readonly Fate[],
  isMeant: (path: string) => boolean,
): number {
  return fates.filter(({ plan }) => isMeant(plan.path))
    .flatMap(({ arrivals }) => arrivals)
    .filter(({ status }) => status === 429).length;
}

/** POSTs of one path were executed in the order they were handed over. */
function assertOrdered(fates: readonly Fate[], told: string): void {
  const last = new Map<string, number>();
  for (const { plan, arrivals } of fates) {
    const done = arrivals.find(({ status }) => status < 300);
    if (plan.method !== "POST" || done === undefined) continue;
    assert.ok(done.atMs > (last.get(plan.path) ?? -1), `${plan.path}; ${told}`);
    last.set(plan.path, done.atMs);
  }
}
