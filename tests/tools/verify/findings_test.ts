import assert from "node:assert/strict";
import {
  compare,
  type RouteFinding,
  type RouteLimit,
} from "../../../tools/verify/findings.ts";
import { findingsOf, LIMIT, routeOf } from "./_findings.ts";

const HERE = findingsOf();

function limitIs(change: Partial<RouteLimit>): RouteFinding {
  return routeOf({ limit: { ...LIMIT, ...change } });
}

Deno.test("compare() finds nothing where all is the same under other hashes", () => {
  const there = findingsOf({ routes: [limitIs({ bucket: "hash-two" })] });
  assert.deepEqual(compare(HERE, there), []);
});

const DIFFERENT: ReadonlyArray<
  readonly [what: string, finding: RouteFinding, real: string]
> = [
  ["another limit", limitIs({ limit: 6 }), "6, sliding, reset after 1.0 s"],
  [
    "another kind of window",
    limitIs({ kind: "fixed" }),
    "5, fixed, reset after 1.0 s",
  ],
  [
    "another interval",
    limitIs({ resetAfterMs: 1_251 }),
    "5, sliding, reset after 1.3 s",
  ],
  ["no headers", routeOf({ limit: undefined }), "no headers"],
];

for (const [what, finding, real] of DIFFERENT) {
  Deno.test(`compare() tells ${what}`, () => {
    assert.deepEqual(compare(HERE, findingsOf({ routes: [finding] })), [
      {
        what: "POST /channels/{id}/messages",
        simulated: "5, sliding, reset after 1.0 s",
        real,
      },
    ]);
  });
}

Deno.test("compare() forgives an answer's way and a kind that nobody could tell", () => {
  for (const change of [{ resetAfterMs: 750 }, { kind: "unknown" }] as const) {
    const there = findingsOf({ routes: [limitIs(change)] });
    assert.deepEqual(compare(HERE, there), []);
  }
});

Deno.test("compare() leaves out guesses, refusals and what one of them did not reach", () => {
  const routes = [
    routeOf({ isGuess: true, limit: undefined }),
    routeOf({ refused: "403, code 50013", limit: undefined }),
    routeOf({ route: "GET /users/{id}" }),
  ];
  for (const route of routes) {
    assert.deepEqual(compare(HERE, findingsOf({ routes: [route] })), []);
  }
  assert.deepEqual(compare(HERE, findingsOf({ routes: [] })), []);
});

Deno.test("compare() tells routes that share a bucket in one world alone", () => {
  const other = "PATCH /channels/{id}/messages/{id}";
  const apart = [routeOf(), { ...limitIs({ bucket: "two" }), route: other }];
  const shared = [routeOf(), routeOf({ route: other })];
  assert.deepEqual(
    compare(findingsOf({ routes: apart }), findingsOf({ routes: shared })),
    [{
      what: `POST /channels/{id}/messages and ${other}`,
      simulated: "two buckets",
      real: "one bucket",
    }],
  );
});

Deno.test("compare() tells a fact that is another one", () => {
  const facts = new Map([["one nonce twice, enforced", "two messages"]]);
  assert.deepEqual(compare(HERE, findingsOf({ facts })), [{
    what: "one nonce twice, enforced",
    simulated: "one message",
    real: "two messages",
  }]);
});
