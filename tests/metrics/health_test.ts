import assert from "node:assert/strict";
import { answerProbe } from "../../rest/listener/operators.ts";
import { troublesOf } from "../../rest/metrics/health.ts";
import type { ClusterReading } from "../../rest/metrics/types.ts";

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
  journal: { rows: 3, bytes: 4_096, isFailing: false, isFull: false },
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

Deno.test("a journal without room is a trouble of its own, which keeps no requests away", () => {
  const journal = { ...WELL.journal, isFailing: true, isFull: true };
  const troubles = troublesOf({ ...WELL, journal });
  assert.deepEqual(troubles, ["journal_full"]);
  const probed = answerProbe("/readyz", "GET", () => troubles);
  assert.equal(probed?.status, 200);
});

const CLUSTER: ClusterReading = {
  owned: 20,
  scopes: 64,
  peers: [{ url: "http://b:8001", silentMs: 400, isAnswering: true }],
  isStoreAway: false,
  bots: [{ bot: "main", owner: "self", lease: { epoch: 7, ageMs: 300 } }],
  door: { waiting: 0, handedOn: 0 },
};

function clusterTroubles(change: Partial<ClusterReading>): readonly string[] {
  return troublesOf({ ...WELL, cluster: { ...CLUSTER, ...change } });
}

Deno.test("a Redis that does not answer is a trouble for a proxy that may not send for anybody, and for no other", () => {
  const isStoreAway = true;
  assert.deepEqual(clusterTroubles({ owned: 0, isStoreAway }), [
    "store_unreachable",
  ]);
  assert.deepEqual(clusterTroubles({ owned: 1, isStoreAway }), []);
  assert.deepEqual(clusterTroubles({ owned: 0 }), []);
});

Deno.test("a bot that nobody sends for and a peer that did not answer are troubles; one that was not asked yet is none", () => {
  const bots = [{ bot: "main", owner: "nobody" } as const];
  assert.deepEqual(clusterTroubles({ bots }), ["ownerless"]);
  const peer = { url: "http://b:8001", silentMs: 400 };
  const unasked = [{ ...peer, isAnswering: undefined }];
  assert.deepEqual(clusterTroubles({ peers: unasked }), []);
  const silent = [{ ...peer, isAnswering: false }];
  assert.deepEqual(clusterTroubles({ peers: silent }), ["peers_unreachable"]);
});

Deno.test("a journal that all proxies share and that fails is told by another word: no other proxy would do better", () => {
  const journal = { ...WELL.journal, isFailing: true };
  assert.deepEqual(troublesOf({ ...WELL, journal, cluster: CLUSTER }), [
    "shared_journal_failing",
  ]);
});
