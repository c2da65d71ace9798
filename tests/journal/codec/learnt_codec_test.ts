import assert from "node:assert/strict";
import type { LearntState } from "../../../rest/domain/learnt_state.ts";
import {
  decodeLearnt,
  encodeLearnt,
} from "../../../rest/journal/codec/learnt_codec.ts";

const identityOf = (id: string) => ({
  id,
  isOwn: true,
  globalUsed: 3,
  counters: [],
  subLimits: [],
});

const LEARNT: LearntState = {
  version: 1,
  savedAtWallMs: 1_790_000_000_000,
  isFinal: false,
  offsetMs: 12,
  hashes: [{
    hash: "abc",
    limit: 5,
    kind: "sliding",
    intervalMs: 1_000,
    windowMs: 5_000,
    isWindowExact: true,
    spread: "separate",
  }],
  routes: [{ key: "GET /guilds/{guild_id}", hash: "abc" }],
  guilds: [["1", "2"]],
  invalid: { all: [[1_790_000_000, 4]], keys: [] },
  breaker: { untilWallMs: 1_790_000_005_000, openings: 1 },
  rejections: [],
  identities: [identityOf("bot:1"), identityOf("bot:2")],
};

Deno.test("what one process learnt comes back whole from its rows", () => {
  assert.deepEqual(decodeLearnt(encodeLearnt(LEARNT, "one process")), [LEARNT]);
});

Deno.test("where any proxy may go on with an identity, its one row says all that it needs", () => {
  const rows = encodeLearnt(LEARNT, "any proxy");
  assert.deepEqual(rows.map(({ scope }) => scope), ["bot:1", "bot:2"]);
  const { breaker: _breaker, ...rest } = LEARNT;
  assert.deepEqual(decodeLearnt(rows.slice(1)), [{
    ...rest,
    // The proxies that live tell each other.
    invalid: { all: [], keys: [] },
    identities: [identityOf("bot:2")],
  }]);
});

Deno.test("rows of another version say nothing", () => {
  for (const readers of ["one process", "any proxy"] as const) {
    const rows = encodeLearnt(LEARNT, readers).map((row) => ({
      ...row,
      head: row.head.replaceAll('"version":1', '"version":2'),
    }));
    assert.deepEqual(decodeLearnt(rows), []);
  }
});
