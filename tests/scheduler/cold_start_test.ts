import assert from "node:assert/strict";
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
 * A process that has just started is slow to get its first requests out, a
 * flood of them most of all. Who took that for the way in would send what
 * comes after too early, for it is faster.
 */

for (
  const [what, plans, options, idealMs] of [
    ["reads of 400 channels", channelReads(400), {
      model: { globalLimit: { window: "sliding" } },
    }, 7_050],
    [
      "25 messages for each of 20 channels",
      messages(20, 25),
      worldOf("POST /channels/{}/messages", SLIDING_5_PER_5_S),
      20_050,
    ],
    [
      "400 reads of one route",
      ids(400).map((id) => readOf(`/channels/1/messages/${id}`)),
      {
        model: {
          globalLimit: { limit: 1_000 },
          rules: [{
            match: "GET /channels/{}/messages/{}",
            limit: 50,
            periodMs: 500,
          }],
        },
        scheduler: { globalLimitOf: () => 1_000 },
      },
      3_550,
    ],
  ] as [string, Plan[], WorldOptions, number][]
) {
  Deno.test(`${what} draw no 429 in a process that has just started, whose first requests are slow on the way in`, () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      for (const wayOut of [{ minMs: 1, maxMs: 5 }, { minMs: 30, maxMs: 70 }]) {
        const report = runWorld(plans, {
          ...options,
          seed,
          wayIn: warmingUp(80, 300),
          wayOut,
        });
        assert.deepEqual(report.limited, NO_429, `seed ${seed}`);
        assertRatio(report.makespanMs, idealMs + 80, 1.06);
      }
    }
  });
}

/** Slow at first, and as fast as it gets within `forMs`. */
function warmingUp(firstMs: number, forMs: number) {
  return (sinceStartMs: number) => {
    const minMs = Math.max(1, firstMs * (1 - sinceStartMs / forMs));
    return { minMs, maxMs: 1.1 * minMs };
  };
}
