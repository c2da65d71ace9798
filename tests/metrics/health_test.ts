import assert from "node:assert/strict";
import { troublesOf } from "../../rest/metrics/health.ts";

const BOT = {
  bot: "main",
  waiting: 0,
  inFlight: 0,
  oldestWaitMs: 0,
  globalLimit: 50,
  globalUsed: 0,
  isTokenRejected: false,
};
const WELL = {
  bots: [BOT],
  breaker: "closed",
  invalid: { count: 7_199, ceiling: 9_000 },
  journal: { rows: 3, bytes: 4_096, isFailing: false },
} as const;

Deno.test("nothing is wrong just below four fifths of the budget of invalid requests", () => {
  assert.deepEqual(troublesOf(WELL), []);
});

Deno.test("four fifths of the budget of invalid requests are a trouble", () => {
  const invalid = { count: 7_200, ceiling: 9_000 };
  assert.deepEqual(troublesOf({ ...WELL, invalid }), ["invalid_budget"]);
});

Deno.test("one rejected token among several, and a block of Cloudflare's, are troubles", () => {
  const bots = [BOT, { ...BOT, bot: "music", isTokenRejected: true }];
  assert.deepEqual(troublesOf({ ...WELL, bots, breaker: "probing" }), [
    "token_rejected",
    "blocked",
  ]);
});

Deno.test("a journal that does not take new promises is a trouble, one that does is none", () => {
  const journal = { ...WELL.journal, isFailing: true };
  assert.deepEqual(troublesOf({ ...WELL, journal }), ["journal_failing"]);
});

Deno.test("a Redis that does not answer is a trouble for a proxy that may not send for anybody, and for no other", () => {
  const cluster = { owned: 0, scopes: 64, peers: 2, isStoreAway: true };
  const troublesWith = (owned: number, isStoreAway = true) =>
    troublesOf({
      ...WELL,
      cluster: { ...cluster, owned, isStoreAway, bots: [] },
    });
  assert.deepEqual(troublesWith(0), ["store_unreachable"]);
  assert.deepEqual(troublesWith(1), []);
  const isStoreAway = false;
  assert.deepEqual(troublesWith(0, isStoreAway), []);
});
