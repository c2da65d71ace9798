import assert from "node:assert/strict";
import type {
  LearntCounter,
  LearntIdentity,
  LearntState,
} from "../../../rest/domain/learnt_state.ts";
import {
  decodeLearnt,
  encodeApart,
  encodeLearnt,
} from "../../../rest/journal/codec/learnt_codec.ts";

function identityOf(
  id: string,
  counters: readonly LearntCounter[] = [],
): LearntIdentity {
  return { id, isOwn: true, globalUsed: 3, counters, subLimits: [] };
}

function learntOf(identities: readonly LearntIdentity[]): LearntState {
  return {
    version: 1,
    savedAtWallMs: 5_000,
    isFinal: true,
    offsetMs: 7,
    hashes: [],
    routes: [{ key: "GET /users/{}" }],
    guilds: [["11", "1"], ["22", "2"]],
    invalid: { all: [[5, 9]], keys: [] },
    rejections: [],
    identities,
  };
}

Deno.test("what one process has learnt is read from its rows as it was", () => {
  const learnt = learntOf([identityOf("a"), identityOf("b")]);
  assert.deepEqual(decodeLearnt(encodeLearnt(learnt)), [learnt]);
});

Deno.test("each identity's row alone is enough where identities go one by one", () => {
  const shared = { role: "common", name: "common h", place: "1" } as const;
  const [a, b] = [identityOf("a", [shared]), identityOf("b")];
  const rows = encodeApart(learntOf([a, b]), () => true);
  assert.deepEqual(rows.map(({ scope }) => scope), ["a", "b"]);
  for (const [index, row] of rows.entries()) {
    const [read] = decodeLearnt([row]);
    assert.deepEqual(read?.identities, [[a, b][index]]);
    assert.equal(read?.offsetMs, 7);
    assert.deepEqual(read?.routes, [{ key: "GET /users/{}" }]);
  }
  // Of guilds those that say which counter a channel shares.
  assert.deepEqual(decodeLearnt(rows)[0]?.guilds, [["11", "1"]]);
  assert.deepEqual(decodeLearnt(rows)[1]?.guilds, []);
});

Deno.test("invalid requests are not in an identity's row: proxies tell one another of them, and they would count twice", () => {
  const rows = encodeApart(learntOf([identityOf("a")]), () => true);
  assert.deepEqual(decodeLearnt(rows)[0]?.invalid, { all: [], keys: [] });
});

Deno.test("an identity that is not meant has no row", () => {
  const learnt = learntOf([identityOf("a"), identityOf("b")]);
  const rows = encodeApart(learnt, (id) => id === "b");
  assert.deepEqual(rows.map(({ scope }) => scope), ["b"]);
});
