import assert from "node:assert/strict";
import type { WindowKind } from "../../sim/model/global_limit.ts";
import {
  assertRatio,
  channelReads,
  ids,
  messages,
  NO_429,
  readOf,
  SLIDING_5_PER_5_S,
  worldOf,
} from "./_loads.ts";
import {
  type Fate,
  type Plan,
  runWorld,
  WORLD_START_MS,
  type WorldOptions,
} from "./_world.ts";

/**
 * How long known loads take in virtual time, as a ratio to the shortest time
 * Discord's limits allow. The numbers are free of the machine's noise, so they
 * may be asserted; `deno task bench` measures the same loads on real sockets.
 */

Deno.test("12 messages into one sliding channel of 5 per 5 s leave as its tokens come back", () => {
  const report = runWorld(
    messages(1, 12),
    worldOf("POST /channels/{}/messages", SLIDING_5_PER_5_S),
  );
  assert.deepEqual(report.limited, NO_429);
  assertRatio(report.makespanMs, 7_050, 1.01);
});

Deno.test("20 channels with 25 messages each keep every channel's rate and order", () => {
  const report = runWorld(
    messages(20, 25),
    worldOf("POST /channels/{}/messages", SLIDING_5_PER_5_S),
  );
  assert.deepEqual(report.limited, NO_429);
  assertOrdered(report.fates);
  assertRatio(report.makespanMs, 20_050, 1.01);
});

Deno.test("messages handed over 3 ms apart with answers in any order keep their order", () => {
  const plans = messages(4, 15).map((plan, index) => ({
    ...plan,
    atMs: 3 * index,
  }));
  const report = runWorld(plans, {
    ...worldOf("POST /channels/{}/messages", SLIDING_5_PER_5_S),
    wayOut: { minMs: 10, maxMs: 110 },
  });
  assert.deepEqual(report.limited, NO_429);
  assertOrdered(report.fates);
  assertRatio(report.makespanMs, 10_100, 1.01);
});

for (
  const [window, maxMs] of [
    ["fixed_first", 0],
    ["fixed_clock", 20],
    ["sliding", 20],
  ] as [WindowKind, number][]
) {
  Deno.test(`600 reads of 600 channels keep a global limit whose windows are ${window}`, () => {
    const report = runWorld(channelReads(600), {
      model: { globalLimit: { window } },
      wayIn: { minMs: 0, maxMs },
    });
    assert.deepEqual(report.limited, NO_429);
    assertRatio(report.makespanMs, 11_050, 1.06);
  });
}

for (const window of ["fixed_first", "sliding"] as WindowKind[]) {
  Deno.test(`a global limit (${window}) is kept where Discord counts it up to 20 ms before the bucket, whose moment is told`, () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const report = runWorld(channelReads(400), {
        seed,
        model: { globalLimit: { window } },
        wayIn: { minMs: 0, maxMs: 20 },
        betweenLimiters: { minMs: 2, maxMs: 20 },
      });
      assert.deepEqual(report.limited, NO_429, `seed ${seed}`);
      assertRatio(report.makespanMs, 7_050, 1.08);
    }
  });
}

for (
  const [what, isSlow] of [
    ["now and then", (sinceMs: number) => sinceMs % 700 >= 300],
    [
      "for its first burst",
      (sinceMs: number) => sinceMs >= 2_000 && sinceMs < 2_300,
    ],
  ] as [string, (sinceMs: number) => boolean][]
) {
  Deno.test(`1,000 reads keep a global limit of 250 though the way in is slow ${what}`, () => {
    // Two reads long before show how fast the way in can be, and that channels have counters of their own.
    const plans = ["1", "2", ...ids(1_000)].map((id, index): Plan => ({
      method: "GET",
      path: `/channels/${id}`,
      atMs: index < 2 ? 0 : 2_000,
    }));
    const report = runWorld(plans, {
      model: { globalLimit: { limit: 250, window: "sliding" } },
      scheduler: { globalLimitOf: () => 250 },
      wayIn: (sinceMs) =>
        isSlow(sinceMs) ? { minMs: 60, maxMs: 100 } : { minMs: 1, maxMs: 5 },
    });
    assert.deepEqual(report.limited, NO_429);
    assertRatio(report.makespanMs - 2_000, 3_050, 1.15);
  });
}

Deno.test("1,000 new channels of a learnt hash share a global limit of 1,000 with little lost", () => {
  const message = (id: number, atMs: number): Plan => ({
    method: "POST",
    path: `/channels/${id}/messages`,
    json: { content: "x" },
    atMs,
  });
  // Two channels: that their counters are separate is part of what is learnt.
  const warm = [message(1, 0), message(2, 0)];
  const plans = Array.from(
    { length: 5_000 },
    (_, n) => message(3 + n % 1_000, 7_000),
  );
  const report = runWorld([...warm, ...plans], {
    model: {
      globalLimit: { limit: 1_000, window: "sliding" },
      rules: [{ match: "POST /channels/{}/messages", ...SLIDING_5_PER_5_S }],
    },
    scheduler: { globalLimitOf: () => 1_000 },
    wayIn: { minMs: 0, maxMs: 5 },
  });
  assert.deepEqual(report.limited, NO_429);
  assertRatio(report.makespanMs - 7_000, 4_050, 1.02);
});

Deno.test("30 reads of one sliding route of 10 per 5 s leave as its tokens come back", () => {
  const plans = ids(30).map((id) => readOf(`/channels/1/messages/${id}`));
  const report = runWorld(
    plans,
    worldOf("GET /channels/{}/messages/{}", { limit: 10, periodMs: 5_000 }),
  );
  assert.deepEqual(report.limited, NO_429);
  assertRatio(report.makespanMs, 10_050, 1.01);
});

for (
  const [what, latencies] of [
    ["at once on the way in", {}],
    ["25 ms either way", { wayIn: fixedMs(25), wayOut: fixedMs(25) }],
  ] as [string, WorldOptions][]
) {
  Deno.test(`40 reactions on one bucket of 1 per 250 ms, ${what}, lose next to nothing`, () => {
    const plans = ids(40).map((_, index): Plan => ({
      method: index % 2 === 0 ? "PUT" : "DELETE",
      path: "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
    }));
    const report = runWorld(plans, latencies);
    assert.deepEqual(report.limited, NO_429);
    assertRatio(report.makespanMs, 9_800, 1.03);
  });
}

Deno.test("100 reads of a route known to have no limit of its own take two global windows", () => {
  const warm: Plan = { method: "GET", path: "/invites/warm" };
  const plans = ids(100).map((id): Plan => ({
    method: "GET",
    path: `/invites/${id}`,
    atMs: 5_000,
  }));
  const report = runWorld([warm, ...plans], {
    model: { rules: [{ match: "GET /invites/{}", headerless: true }] },
  });
  assert.deepEqual(report.limited, NO_429);
  assertRatio(report.makespanMs - 5_000, 1_050, 1.1);
});

Deno.test("25 role changes under a fixed 10 per 10 s use every window whole", () => {
  const plans = ids(25).map((id): Plan => ({
    method: "PUT",
    path: `/guilds/1/members/${id}/roles/3`,
  }));
  const fixed = { limit: 10, periodMs: 10_000, kind: "fixed" } as const;
  const report = runWorld(
    plans,
    worldOf("PUT /guilds/{}/members/{}/roles/{}", fixed),
  );
  assert.deepEqual(report.limited, NO_429);
  assertRatio(report.makespanMs, 20_050, 1.01);
});

Deno.test("three edits pass a rename that has to wait five minutes", () => {
  // The edits come when the renames' own bucket (5 per 15 s) is full again: what is left is the hidden limit.
  const editAtMs = 20_000;
  const renames = [1, 2, 3].map((n) => editPlan({ name: `n${n}` }, 0));
  const edits = [1, 2, 3].map((n) => editPlan({ position: n }, editAtMs));
  const report = runWorld([...renames, ...edits], {
    scheduler: { maxWaitMs: 900_000 },
  });
  const doneMs = report.fates.slice(3).map((fate) => fate.doneAtMs ?? Infinity);
  const editsMs = Math.max(...doneMs) - WORLD_START_MS - editAtMs;
  assert.ok(editsMs <= 500, `the edits took ${editsMs} ms`);
  assert.equal(report.fates[2]?.status, 200);
  assert.ok(report.makespanMs >= 290_000);
});

Deno.test("1,000 channels of a hash learnt long ago start full", () => {
  const warm: Plan = {
    method: "POST",
    path: "/channels/999999/messages",
    json: { content: "warm" },
  };
  const plans = messages(1_000, 5).map((plan) => ({ ...plan, atMs: 10_000 }));
  const report = runWorld([warm, ...plans], {
    model: {
      globalLimit: { limit: 1_000, window: "sliding" },
      rules: [{ match: "POST /channels/{}/messages", ...SLIDING_5_PER_5_S }],
    },
    scheduler: { globalLimitOf: () => 1_000 },
  });
  assert.deepEqual(report.limited, NO_429);
  assertRatio(report.makespanMs - 10_000, 4_050, 1.1);
});

function editPlan(json: Record<string, unknown>, atMs: number): Plan {
  return { method: "PATCH", path: "/channels/1", json, atMs };
}

function fixedMs(ms: number): { minMs: number; maxMs: number } {
  return { minMs: ms, maxMs: ms };
}

/** Within one path, what was asked for first arrived first. */
function assertOrdered(fates: readonly Fate[]): void {
  const last = new Map<string, number>();
  for (const { plan, arrivals } of fates) {
    const atMs = arrivals.at(-1)?.atMs ?? Infinity;
    assert.ok(atMs > (last.get(plan.path) ?? -1), `${plan.path} out of order`);
    last.set(plan.path, atMs);
  }
}
