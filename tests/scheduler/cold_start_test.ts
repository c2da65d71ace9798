import assert from "node:assert/strict";
import type { Range } from "../../sim/model/random.ts";
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
import { type Plan, runWorld, type WorldOptions } from "./_world.ts";

/**
 * A process that has just started, or was idle, is slow to get its first
 * requests out, a flood of them most of all. Who took that for the way in would
 * send what comes after too early, for it is faster.
 */

const OF_A_GLOBAL_LIMIT: WorldOptions = {
  model: { globalLimit: { window: "sliding" } },
};
const OF_ONE_ROUTE: WorldOptions = {
  model: {
    globalLimit: { limit: 1_000 },
    rules: [{
      match: "GET /channels/{}/messages/{}",
      limit: 50,
      periodMs: 500,
    }],
  },
  scheduler: { globalLimitOf: () => 1_000 },
};
const OF_CHANNELS = worldOf("POST /channels/{}/messages", SLIDING_5_PER_5_S);

/** With the shortest time Discord's limits allow, once the process is warm. */
const LOADS: [string, Plan[], WorldOptions, number][] = [
  ["reads of 400 channels", channelReads(400), OF_A_GLOBAL_LIMIT, 7_050],
  [
    "25 messages for each of 20 channels",
    messages(20, 25),
    OF_CHANNELS,
    20_050,
  ],
  [
    "400 reads of one route",
    ids(400).map((id) => readOf(`/channels/1/messages/${id}`)),
    OF_ONE_ROUTE,
    3_550,
  ],
];

/** So long the first requests take to get out, and so long until they take no more. */
const COLD_MS = 80;
const WARM_AFTER_MS = 300;
const GAP_MS = 120_000;

for (const [load, plans, options, idealMs] of LOADS) {
  for (
    const [when, alone] of [
      ["has just started", 0],
      ["had one request in two minutes", 8],
    ] as const
  ) {
    Deno.test(`${load} draw no 429 in a process that ${when} and is slow to get the first of them out`, () => {
      const begunAtMs = alone * GAP_MS;
      const before = Array.from({ length: alone }, (_, index) => ({
        ...plans[0] as Plan,
        atMs: index * GAP_MS,
      }));
      const burst = plans.map((plan) => ({ ...plan, atMs: begunAtMs }));
      for (const seed of [1, 2, 3, 4, 5]) {
        for (const outMs of [5, 70]) {
          const report = runWorld([...before, ...burst], {
            ...options,
            seed,
            wayIn: (sinceMs) => warmingUp(sinceMs % GAP_MS),
            wayOut: { minMs: outMs / 2, maxMs: outMs },
          });
          assert.deepEqual(report.limited, NO_429, `seed ${seed}`);
          const tookMs = report.makespanMs - begunAtMs;
          assertRatio(tookMs, idealMs + COLD_MS, 1.06);
        }
      }
    });
  }
}

function warmingUp(sinceMs: number): Range {
  const minMs = Math.max(1, COLD_MS * (1 - sinceMs / WARM_AFTER_MS));
  return { minMs, maxMs: 1.1 * minMs };
}
