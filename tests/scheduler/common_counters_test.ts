import assert from "node:assert/strict";
import type { BucketKind } from "../../sim/model/bucket.ts";
import { assertRatio, NO_429 } from "./_loads.ts";
import {
  type Fate,
  type Plan,
  runWorld,
  WORLD_START_MS,
  type WorldOptions,
} from "./_world.ts";

/**
 * One counter over many lines of one hash (api-docs #8082: joining threads is
 * counted per guild; #367, #1297: the webhooks of a channel share a limit).
 */

const JOIN = "PUT /channels/{}/thread-members/@me";
const PERIOD_MS = 2_000;
const PER_PERIOD = 10;
/** The answer of the last one takes this long at the most. */
const ANSWER_MS = 70;

for (const kind of ["fixed", "sliding"] as BucketKind[]) {
  for (const count of [70, 100, 200]) {
    Deno.test(`${count} joins of a guild's threads under one ${kind} counter of 10 per 2 s take the time it gives`, () => {
      const report = runWorld(joins(count), guildWorld(kind));
      assertAllDone(report.fates);
      assertFew429s(report.fates);
      assertRatio(report.makespanMs, idealMs(count) + ANSWER_MS, 1.2);
    });
  }

  Deno.test(`a ${kind} counter over a guild's threads is found though one thread was joined long before`, () => {
    const plans = [
      ...joins(1, { from: 5_000 }),
      ...joins(100, { atMs: 20_000 }),
    ];
    const report = runWorld(plans, guildWorld(kind));
    assertAllDone(report.fates);
    assertFew429s(report.fates.slice(1));
    assertRatio(report.makespanMs - 20_000, idealMs(100) + ANSWER_MS, 1.2);
  });
}

Deno.test("a counter over a guild's threads is found again after the hash had been taken for one of separate counters", () => {
  // A thread of another guild each: their counters are separate, and say so.
  const guilds = Object.fromEntries([1, 2, 3].map((n) => [`9${n}`, `g${n}`]));
  const strangers = [1, 2, 3].map((n): Plan => joinOf(`9${n}`, 0));
  const plans = [...strangers, ...joins(100, { atMs: 20_000 })];
  const world = guildWorld("fixed");
  const report = runWorld(plans, {
    ...world,
    model: { ...world.model, accounts: { guildOf: { ...GUILDS, ...guilds } } },
  });
  assertAllDone(report.fates);
  // The first volley pays for the mistake, as many as the global limit lets go.
  assert.ok((report.limited["user"] ?? 0) <= 45, `${report.limited["user"]}`);
  assertRatio(report.makespanMs - 20_000, idealMs(100) + ANSWER_MS, 1.2);
});

Deno.test("40 channels of one hash with counters of their own go at full speed", () => {
  for (const seed of [1, 2, 3]) {
    const plans = Array.from({ length: 40 * 5 }, (_, n): Plan => ({
      method: "GET",
      path: `/channels/${1_000 + n % 40}/messages/${n}`,
    }));
    const report = runWorld(plans, {
      seed,
      wayIn: { minMs: 0, maxMs: 20 },
      model: {
        globalLimit: { limit: 1_000, window: "sliding" },
        rules: [{
          match: "GET /channels/{}/messages/{}",
          limit: 3,
          periodMs: 6_000,
        }],
      },
      scheduler: { globalLimitOf: () => 1_000 },
    });
    assert.deepEqual(report.limited, NO_429, `seed ${seed}`);
    assertRatio(report.makespanMs, 4_000 + 90, 1.05);
  }
});

Deno.test("channels with counters of their own are told apart though all are part-used at the start", () => {
  // The process before this one has left them so; ours begins to know nothing.
  const read = (channel: number, n: number, atMs: number, token: string) => ({
    method: "GET" as const,
    path: `/channels/${channel}/messages/${n}`,
    atMs,
    token,
  });
  const channels = Array.from({ length: 20 }, (_, n) => 1_000 + n);
  const plans = channels.flatMap((channel, index) =>
    [1, 2].map((n) => read(channel, n, 300 + index % 3, "1"))
  );
  const report = runWorld(plans, {
    model: {
      globalLimit: { limit: 1_000 },
      rules: [{
        match: "GET /channels/{}/messages/{}",
        limit: 5,
        periodMs: 5_000,
      }],
    },
    spentBefore: channels.map((channel) => ({
      path: `/channels/${channel}/messages/1`,
      count: 1 + channel % 3,
    })),
    scheduler: { globalLimitOf: () => 1_000 },
  });
  assert.deepEqual(report.limited, NO_429);
  // Two round trips to tell, and one for each channel's own first.
  assert.ok(report.makespanMs <= 520, `${report.makespanMs} ms`);
});

Deno.test("another guild's threads are not slowed by a guild whose counter is empty, where their guilds are known", () => {
  const others = Object.fromEntries(
    [1, 2, 3, 4, 5].map((n) => [`9${n}`, "other"]),
  );
  const world = guildWorld("fixed");
  const told = [...Object.keys(GUILDS).slice(0, 100), ...Object.keys(others)]
    .map((thread): Plan => ({ method: "GET", path: `/channels/${thread}` }));
  const plans = [
    ...told,
    ...joins(100, { atMs: 10_000 }),
    ...Object.keys(others).map((thread) => joinOf(thread, 12_500)),
  ];
  const report = runWorld(plans, {
    ...world,
    model: { ...world.model, accounts: { guildOf: { ...GUILDS, ...others } } },
  });
  const late = report.fates.slice(-5).map(({ doneAtMs = Infinity }) =>
    doneAtMs - WORLD_START_MS - 12_500
  );
  assert.ok(Math.max(...late) <= 300, `${late}`);
  assertAllDone(report.fates);
});

for (const [webhooks, idealS] of [[20, 18], [40, 38]] as const) {
  for (const kind of ["fixed", "sliding"] as BucketKind[]) {
    Deno.test(`${webhooks} webhooks of a channel with 5 messages each keep its hidden ${kind} limit's pace`, () => {
      const plans = Array.from({ length: webhooks * 5 }, (_, n): Plan => ({
        method: "POST",
        path: `/webhooks/${100 + n % webhooks}/token${n % webhooks}`,
        json: { content: `m ${Math.floor(n / webhooks)}` },
      }));
      const report = runWorld(plans, {
        model: {
          globalLimit: { limit: 1_000_000 },
          rules: [{
            match: "POST /webhooks/{}/{}",
            limits: [
              { limit: 5, periodMs: 2_000 },
              {
                name: "hidden",
                limit: 10,
                periodMs: 2_000,
                kind,
                isHidden: true,
                per: "channel",
                scope: "shared",
              },
            ],
          }],
          accounts: {
            channelOf: Object.fromEntries(
              Array.from({ length: webhooks }, (_, n) => [`${100 + n}`, "c"]),
            ),
          },
        },
      });
      assertAllDone(report.fates);
      assertOrdered(report.fates);
      assertRatio(report.makespanMs, idealS * 1_000 + ANSWER_MS, 1.25);
    });
  }
}

Deno.test("the lines of a common counter share it fairly, and each keeps its order", () => {
  const plans = Array.from({ length: 60 }, (_, n): Plan => ({
    // The first thread alone has as many as all the others.
    ...joinOf(String(1_000 + (n < 30 ? 0 : n - 29)), 0),
  }));
  const report = runWorld(plans, guildWorld("fixed"));
  assertAllDone(report.fates);
  const lone = report.fates.slice(30).map((fate) => doneMs(fate));
  // 30 threads with one each alternate with the first: they need no more than twice their own share.
  assert.ok(Math.max(...lone) <= 10_500, `${Math.max(...lone)} ms`);
});

const GUILDS: Record<string, string> = Object.fromEntries(
  Array.from({ length: 6_000 }, (_, n) => [String(1_000 + n), "g"]),
);

function guildWorld(kind: BucketKind): WorldOptions {
  return {
    model: {
      rules: [{
        match: JOIN,
        limit: PER_PERIOD,
        periodMs: PERIOD_MS,
        kind,
        per: "guild",
      }],
      accounts: { guildOf: GUILDS },
    },
  };
}

function joinOf(thread: string, atMs: number): Plan {
  return {
    method: "PUT",
    path: `/channels/${thread}/thread-members/@me`,
    atMs,
  };
}

function joins(count: number, { atMs = 0, from = 0 } = {}): Plan[] {
  return Array.from(
    { length: count },
    (_, n) => joinOf(String(1_000 + from + n), atMs),
  );
}

function idealMs(count: number): number {
  return (count / PER_PERIOD - 1) * PERIOD_MS;
}

function doneMs({ doneAtMs = Infinity }: Fate): number {
  return doneAtMs - WORLD_START_MS;
}

function assertAllDone(fates: readonly Fate[]): void {
  const other = fates.filter(({ status = 0 }) => status < 200 || status > 299);
  assert.deepEqual(other.map(({ plan, status }) => [plan.path, status]), []);
}

/** At most two in each period of the counter, and none after the third. */
function assertFew429s(fates: readonly Fate[]): void {
  const arrivals = fates.flatMap((fate) => fate.arrivals);
  const firstMs = Math.min(...arrivals.map(({ atMs }) => atMs));
  const perWindow = new Map<number, number>();
  for (const { atMs, status } of arrivals) {
    if (status !== 429) continue;
    const window = Math.floor((atMs - firstMs) / PERIOD_MS);
    perWindow.set(window, (perWindow.get(window) ?? 0) + 1);
  }
  for (const [window, count] of perWindow) {
    assert.ok(count <= 2 && window < 3, `${count} 429s in window ${window}`);
  }
}

function assertOrdered(fates: readonly Fate[]): void {
  const last = new Map<string, number>();
  for (const { plan, arrivals } of fates) {
    const atMs = arrivals.at(-1)?.atMs ?? Infinity;
    assert.ok(atMs > (last.get(plan.path) ?? -1), `${plan.path} out of order`);
    last.set(plan.path, atMs);
  }
}
