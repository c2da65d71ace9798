import assert from "node:assert/strict";
import { type Call, type Restart, runRestarts } from "./_restarts.ts";

/** The bot moves to the other one of two proxies, which have both been up for an hour. */
function handOver(atMs: number, downMs = 100): Restart {
  return { atMs, downMs, toPeer: true };
}

/** The lease of a killed proxy is over no sooner than this after its last request. */
const LEASE_OVER_MS = 2_300;

function kill(atMs: number): Restart {
  return { atMs, downMs: LEASE_OVER_MS, toPeer: true, isKill: true };
}

function reads(fromMs: number, count: number): Call[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: fromMs + index,
    method: "GET",
    path: `/users/${fromMs}${index}`,
  }));
}

/** Messages to some channels, as fast as they may go. */
function messages(channels: number, each: number, everyMs: number): Call[] {
  return Array.from({ length: channels * each }, (_, index) => ({
    atMs: Math.floor(index / channels) * everyMs,
    method: "POST",
    path: `/channels/${900 + index % channels}/messages`,
    json: { content: String(index) },
  }));
}

/** Nothing but the global limit binds. */
const model = { rules: [{ match: "GET /users/{u}", limits: [] }] };

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/** Both proxies have had the bot before, and know the route. */
const WARM_UP = {
  calls: [0, 2_000].flatMap((fromMs) => reads(fromMs, 5)),
  moves: [handOver(1_000), handOver(3_000)],
};

Deno.test("a bot that moves right after a burst of 50 meets no 429: its next owner counts what the last one spent", () => {
  const calls = [...WARM_UP.calls, ...reads(5_000, 100)];
  for (const seed of SEEDS) {
    for (const move of [handOver, kill]) {
      const moves = [...WARM_UP.moves, move(5_070)];
      const { limited, unknown, statuses } = runRestarts(calls, moves, {
        seed,
        model,
      });
      assert.deepEqual(limited, {}, `seed ${seed}, ${move.name}`);
      assert.equal(statuses.length + unknown, calls.length);
    }
  }
});

Deno.test("where half of the limit was spent, the next owner sends the other half at once", () => {
  const calls = [
    ...WARM_UP.calls,
    ...reads(5_000, 25),
    ...reads(5_100, 20),
  ];
  const { limited, lastAnswerAtMs } = runRestarts(
    calls,
    [...WARM_UP.moves, handOver(5_090)],
    { model },
  );
  assert.deepEqual(limited, {});
  assert.ok(lastAnswerAtMs < 5_400, `ended at ${lastAnswerAtMs} ms`);
});

Deno.test("the buckets of a bot that moves go on where they were, whichever of the proxies had it before, and if their calendars differ by 20 ms", () => {
  for (const seed of SEEDS) {
    for (const calendarErrorMs of [-110, -10, 0, 20]) {
      const atMs = 3_300 + 77 * seed;
      const { limited, statuses } = runRestarts(
        messages(6, 20, 150),
        [handOver(atMs), handOver(atMs + 2_000), handOver(atMs + 5_000)],
        { seed, calendarErrorMs },
      );
      assert.deepEqual(limited, {}, `seed ${seed}, ${calendarErrorMs} ms`);
      assert.equal(statuses.length, 120);
    }
  }
});

Deno.test("what a killed owner used after it last wrote it down earns the next one no 429, in channels it knows and in new ones", () => {
  const all = (fromMs: number, channels: readonly number[]): Call[] =>
    channels.flatMap((channel) =>
      Array.from({ length: 5 }, (_, index) => ({
        atMs: fromMs + index,
        method: "GET",
        path: `/channels/${channel}/messages`,
      }))
    );
  const [former, fresh] = [[900, 901], [902, 903]];
  const calls = [
    ...all(0, former),
    ...all(12_000, former),
    // Written down at 20 s, for it is the first after a pause; these are not.
    ...all(20_000, [904]),
    ...all(20_300, [...former, ...fresh]),
    ...all(23_000, [...former, ...fresh]),
  ];
  for (const seed of SEEDS) {
    const { limited, statuses, unknown } = runRestarts(
      calls,
      [handOver(11_000), kill(20_650)],
      { seed },
    );
    assert.deepEqual(limited, {}, `seed ${seed}`);
    assert.equal(statuses.length + unknown, calls.length);
  }
});
