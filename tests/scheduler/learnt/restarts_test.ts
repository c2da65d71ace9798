import assert from "node:assert/strict";
import { type Call, runRestarts } from "./_restarts.ts";

/** Messages to some channels, as fast as they may go, for some seconds. */
function messages(channels: number, each: number, everyMs = 0): Call[] {
  return Array.from({ length: channels * each }, (_, index) => ({
    atMs: Math.floor(index / channels) * everyMs,
    method: "POST",
    path: `/channels/${900 + index % channels}/messages`,
    json: { content: String(index) },
  }));
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

Deno.test("a stop under load, however short, earns no 429: buckets go on where they were", () => {
  for (const seed of SEEDS) {
    for (const downMs of [70, 400, 2_000]) {
      const { limited, statuses } = runRestarts(
        messages(6, 20),
        [{ atMs: 3_300, downMs }, { atMs: 9_100, downMs }],
        { seed },
      );
      assert.deepEqual(limited, {}, `seed ${seed}, ${downMs} ms`);
      assert.equal(statuses.length, 120);
    }
  }
});

Deno.test("the same stop earns 429s where nothing is taken over", () => {
  const restart = { atMs: 3_300, downMs: 70, forgets: true };
  const { limited } = runRestarts(messages(6, 20), [restart]);
  assert.notDeepEqual(limited, {});
});

Deno.test("a kill under load, between any two savings, earns no 429 either", () => {
  for (const seed of SEEDS) {
    for (const atMs of [2_050, 2_500, 2_990]) {
      const { limited } = runRestarts(
        messages(6, 20, 150),
        [{ atMs, downMs: 300, isKill: true }],
        { seed },
      );
      assert.deepEqual(limited, {}, `seed ${seed}, killed at ${atMs} ms`);
    }
  }
});

Deno.test("a killed process does not close what it hardly used for longer than five seconds", () => {
  const calls: Call[] = [
    { atMs: 0, method: "GET", path: "/guilds/1" },
    { atMs: 2_500, method: "GET", path: "/guilds/1" },
  ];
  const { endedAtMs } = runRestarts(calls, [
    { atMs: 2_200, downMs: 200, isKill: true },
  ]);
  assert.ok(endedAtMs < 8_500, `ended at ${endedAtMs} ms`);
});

Deno.test("the global limit counts on: what the former process sent in its last second is not sent again at once", () => {
  const calls: Call[] = Array.from({ length: 150 }, (_, index) => ({
    atMs: 1_500 + index,
    method: "GET",
    path: `/users/${index}`,
  }));
  const model = { rules: [], globalLimit: { limit: 50 } };
  for (const isKill of [false, true]) {
    const { limited } = runRestarts(
      calls,
      [{ atMs: 2_560, downMs: 80, isKill }],
      { model },
    );
    assert.deepEqual(limited, {}, isKill ? "killed" : "stopped");
  }
});

Deno.test("a hidden limit on names of channels is known after a restart, and not met again", () => {
  const renames: Call[] = [0, 1_000, 2_000, 10_000].map((atMs, index) => ({
    atMs,
    method: "PATCH",
    path: "/channels/900",
    json: { name: `name-${index}` },
  }));
  const restart = { atMs: 8_000, downMs: 400 };
  const taken = runRestarts(renames, [restart]);
  const forgotten = runRestarts(renames, [{ ...restart, forgets: true }]);
  // The third rename met it; the fourth would wait for ten minutes, which is known.
  assert.deepEqual(taken.limited, { user: 1 });
  assert.ok((forgotten.limited["user"] ?? 0) > 1);
  assert.match(taken.refused.join(" "), /it would wait 59\d s/);
});
