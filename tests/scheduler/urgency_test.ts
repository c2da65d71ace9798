import assert from "node:assert/strict";
import type { Urgency } from "../../rest/domain/urgency.ts";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import { createRandom } from "../../sim/model/random.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  reportOf,
  settleAndPoll,
  START_MS,
} from "./_builders.ts";
import {
  type Plan,
  runWorld,
  WORLD_START_MS,
  type WorldOptions,
} from "./_world.ts";

const T = START_MS;
const CHANNEL = "/channels/200000000000000001";

Deno.test("a read by another caller passes 2,500 that have waited for 8.5 s, the sooner the more urgent it is", () => {
  const backlog = reads(2_500, { caller: "default/shard", urgency: 3 });
  const tookMs = ([0, 1, 2, 3] as Urgency[]).map((urgency) => {
    const [newcomer] = reads(1, {
      caller: "other/dashboard",
      urgency,
      atMs: 8_500,
      first: 90_000,
    });
    const report = runWorld([...backlog, newcomer as Plan], UNHEADED);
    const { doneAtMs = Infinity } = report.fates.at(-1) ?? {};
    return doneAtMs - WORLD_START_MS - 8_500;
  });
  // A second at the most until the global limit gives a token, and the answer.
  assert.ok(Math.max(...tookMs) <= 1_070, `${tookMs} ms`);
  assert.deepEqual(tookMs, tookMs.toSorted((one, other) => one - other));
});

Deno.test("one send in ten goes to what urgency has passed over, and no more", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1 });
  const reading = (urgency: Urgency, n: number) =>
    askOf("GET", `/channels/1/${"abcdefghij"[n % 10]}`, {
      urgency,
      caller: `default/${urgency}`,
      isOrdered: false,
    });
  const low = Array.from({ length: 10 }, (_, n) => reading(5, n));
  enqueueAll(scheduler, low, T);
  scheduler.poll(T);
  const lowIds = new Set(low.map(({ id }) => id));
  let nowMs = T;
  const order: string[] = [];
  for (let n = 0; n < 60; n++) {
    enqueueAll(scheduler, [reading(0, n), reading(0, n + 1)], nowMs + 1);
    nowMs += 1_100;
    for (const id of scheduler.poll(nowMs).leases) {
      order.push(lowIds.has(id) ? "low" : "high");
      settleAndPoll(scheduler, id, reportOf(nowMs + 1));
    }
  }
  const lows = order.filter((which) => which === "low").length;
  assert.ok(lows >= 4 && lows <= order.length / 10 + 1, `${order}`);
  for (let at = 0; at + 10 <= order.length; at++) {
    const within = order.slice(at, at + 10).filter((which) => which === "low");
    assert.ok(within.length <= 1, `${order}`);
  }
});

Deno.test("an urgent request held by its order does not hold others of its line", () => {
  const scheduler = createScheduler();
  const [first = 0] = enqueueAll(scheduler, [askOf("POST", MESSAGES)], T);
  scheduler.poll(T);
  const bucket = bucketOf({ decidedAtMs: T + 25 });
  settleAndPoll(scheduler, first, reportOf(T + 50, { bucket }));
  const [slow] = enqueueAll(scheduler, [askOf("POST", MESSAGES)], T + 60);
  assert.deepEqual(scheduler.poll(T + 60).leases, [slow]);
  enqueueAll(scheduler, [askOf("POST", MESSAGES, { urgency: 0 })], T + 70);
  const [free] = enqueueAll(scheduler, [
    askOf("POST", MESSAGES, { isOrdered: false }),
  ], T + 80);
  assert.deepEqual(scheduler.poll(T + 80).leases, [free]);
});

for (let seed = 1; seed <= 12; seed++) {
  Deno.test(`a more urgent newcomer leaves no later than a less urgent one of an equal caller would have (seed ${seed})`, () => {
    const random = createRandom(seed * 31);
    const backlog = Array.from({ length: 300 }, (): Plan => ({
      method: "GET",
      path: `/channels/${1_000 + Math.floor(random() * 400)}`,
      atMs: Math.floor(random() * 4_000),
      caller: `k${Math.floor(random() * 3)}/c${Math.floor(random() * 4)}`,
      urgency: Math.floor(random() * 8) as Urgency,
    })).sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
    const leftMs = ([0, 1, 2, 3, 4, 5, 6, 7] as Urgency[]).map((urgency) => {
      const [newcomer] = reads(1, {
        caller: "k1/new",
        urgency,
        atMs: 2_000,
        first: 90_000,
      });
      const { fates } = runWorld([newcomer as Plan, ...backlog], {
        ...UNHEADED,
        scheduler: { globalLimitOf: () => 20 },
        wayOut: { minMs: 50, maxMs: 50 },
      });
      return fates.find(({ plan }) => plan === newcomer)?.arrivals[0]?.atMs ??
        Infinity;
    });
    for (const [urgency, atMs] of leftMs.entries()) {
      const before = leftMs[urgency - 1] ?? 0;
      assert.ok(before <= atMs, `left at ${leftMs} by urgency`);
    }
  });
}

const MESSAGES = `${CHANNEL}/messages`;

/** Nothing but the global limit binds. */
const UNHEADED: WorldOptions = {
  model: { rules: [{ match: "GET /channels/{}", headerless: true }] },
};

function reads(
  count: number,
  { caller, urgency, atMs = 0, first = 10_000 }: {
    caller: string;
    urgency: Urgency;
    atMs?: number;
    first?: number;
  },
): Plan[] {
  return Array.from({ length: count }, (_, n): Plan => ({
    method: "GET",
    path: `/channels/${first + n}`,
    caller,
    urgency,
    atMs,
  }));
}
