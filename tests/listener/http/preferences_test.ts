import assert from "node:assert/strict";
import { Refusal } from "../../../rest/domain/refusal.ts";
import {
  isOrderedBy,
  leaveWithinMsOf,
  urgencyOf,
} from "../../../rest/listener/http/preferences.ts";

const URGENCIES: ReadonlyArray<
  readonly [priority: string | null, urgency: number]
> = [
  [null, 3],
  ["", 3],
  ["u=0", 0],
  ["u=7", 7],
  ["u=1, i", 1],
  ["i, u=1", 1],
  ["i,u=5;x=1", 5],
  ["  u=2  ", 2],
  // What RFC 9218 calls ignorable.
  ["u=8", 3],
  ["u=-1", 3],
  ["u=1.5", 3],
  ["u=12", 3],
  ["u", 3],
  ["u= 1", 3],
  ["xu=1", 3],
  ["urgent", 3],
];

for (const [priority, urgency] of URGENCIES) {
  Deno.test(`Priority ${priority} is urgency ${urgency}`, () => {
    assert.equal(urgencyOf(priority, "bot"), urgency);
  });
}

Deno.test("an interaction is urgent by itself and may say otherwise", () => {
  assert.equal(urgencyOf(null, "interaction"), 0);
  assert.equal(urgencyOf("u=9", "interaction"), 0);
  assert.equal(urgencyOf("u=5", "interaction"), 5);
  assert.equal(urgencyOf(null, "webhook"), 3);
});

const WAITS: ReadonlyArray<
  readonly [prefer: string | null, ms: number | undefined]
> = [
  [null, undefined],
  ["", undefined],
  ["return=minimal", undefined],
  ["await=5", undefined],
  ["wait=0", 0],
  ["wait=10", 10_000],
  ['wait="10"', 10_000],
  ["Wait = 10", 10_000],
  ["respond-async, wait=10", 10_000],
  ["wait=10; x=y, return=minimal", 10_000],
  ["wait=1, wait=2", 1_000],
  ["wait=999999999", 999_999_999_000],
];

for (const [prefer, ms] of WAITS) {
  Deno.test(`Prefer ${prefer} is to leave within ${ms} ms`, () => {
    assert.equal(leaveWithinMsOf(prefer), ms);
  });
}

for (
  const prefer of [
    "wait",
    "wait=",
    "wait=-1",
    "wait=1.5",
    "wait=x",
    'wait="1',
    "wait=1000000000",
    "wait=1=2",
  ]
) {
  Deno.test(`Prefer ${prefer} is refused in a sentence`, () => {
    assert.throws(
      () => leaveWithinMsOf(prefer),
      (error) =>
        error instanceof Refusal && error.code === "bad_request" &&
        error.message ===
          "Cannot read Prefer: wait takes whole seconds, as in wait=10",
    );
  });
}

Deno.test("X-Rest-Order takes none and nothing else", () => {
  assert.ok(isOrderedBy(null));
  assert.ok(!isOrderedBy("none"));
  assert.ok(!isOrderedBy(" None "));
  for (const order of ["", "some", "none, none"]) {
    assert.throws(
      () => isOrderedBy(order),
      (error) =>
        error instanceof Refusal && error.code === "bad_request" &&
        error.message ===
          "Cannot read X-Rest-Order: none is the only value it takes",
    );
  }
});
