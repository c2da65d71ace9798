import assert from "node:assert/strict";
import { findingOf } from "../../../tools/verify/probe.ts";
import type { Reply } from "../../../tools/verify/visit.ts";

const AT_S = 1_777_600_000;

/** An answer of a bucket of five, whose Reset is so far on. */
function replyOf(
  remaining: number,
  resetAfterS: number,
  resetS: number,
): Reply {
  return {
    status: 200,
    body: {},
    headers: new Headers({
      "x-ratelimit-bucket": "hash",
      "x-ratelimit-limit": "5",
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-reset-after": resetAfterS.toFixed(3),
      "x-ratelimit-reset": (AT_S + resetS).toFixed(3),
    }),
  };
}

const ASKED = { isGuess: false, isOnce: false };

/** The resets of two answers after a first one of 1 s, and what they tell. */
const KINDS: ReadonlyArray<readonly [number, number, string]> = [
  [2, 3, "sliding"],
  [3, 2, "sliding"],
  [2, 3.15, "sliding"],
  [1, 1, "fixed"],
  [1, 1.05, "fixed"],
  [1, 1.4, "unknown"],
  [1, 9, "unknown"],
];

for (const [one, two, kind] of KINDS) {
  Deno.test(`resets of ${one} s and ${two} s after a first one of 1 s are ${kind}`, () => {
    const replies = [
      replyOf(4, 1, 1),
      replyOf(3, one, one),
      replyOf(2, two, two),
    ];
    const { limit } = findingOf("GET /x", replies, ASKED);
    assert.equal(limit?.kind, kind);
    assert.equal(limit?.limit, 5);
    assert.equal(limit?.resetAfterMs, 1_000);
  });
}

Deno.test("one answer tells limit and reset, and not the kind", () => {
  const { limit } = findingOf("GET /x", [replyOf(4, 1, 1)], ASKED);
  assert.equal(limit?.kind, "unknown");
});

Deno.test("tokens that come back in 20 ms are not taken for a fixed window", () => {
  const replies = [
    replyOf(4, 0.02, 0.02),
    replyOf(3, 0.04, 0.04),
    replyOf(2, 0.06, 0.06),
  ];
  assert.equal(findingOf("GET /x", replies, ASKED).limit?.kind, "sliding");
});

Deno.test("an answer without headers is a route without a limit", () => {
  const bare = { status: 200, body: {}, headers: new Headers() };
  assert.equal(findingOf("GET /x", [bare], ASKED).limit, undefined);
});

Deno.test("a refused route tells status and Discord's number", () => {
  const refused = {
    status: 403,
    body: { code: 50013, message: "Missing Permissions" },
    headers: new Headers(),
  };
  const { refused: said } = findingOf("GET /x", [refused], ASKED);
  assert.equal(said, "403, code 50013");
});
