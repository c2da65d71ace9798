import assert from "node:assert/strict";
import {
  type Bucket,
  newBucket,
  noteReport,
  noteSilent,
  type Opening,
  openingOf,
} from "../../../rest/scheduler/limits/bucket.ts";
import {
  BucketRegistry,
  type HashFacts,
} from "../../../rest/scheduler/limits/bucket_registry.ts";
import { bucketOf, SERVER_OFFSET_MS } from "../_builders.ts";

Deno.test("openingOf() lets one request probe a line never seen while its hash is new", () => {
  const bucket = newBucket(factsOf({ probeUntilMs: 5_000 }));
  assert.deepEqual(opening(bucket, 0, 4_999), { tokens: 1 });
  assert.deepEqual(opening(bucket, 1, 4_999), { opensAtServerMs: Infinity });
});

Deno.test("openingOf() takes a line never seen as full once its hash has been known for a period", () => {
  const bucket = newBucket(factsOf({ probeUntilMs: 5_000 }));
  assert.deepEqual(opening(bucket, 0, 5_000), { tokens: 5 });
  assert.deepEqual(opening(bucket, 2, 5_000), { tokens: 3 });
});

Deno.test("openingOf() gives a sliding bucket one token back per interval", () => {
  const bucket = spentBucket({ kind: "sliding", intervalMs: 1_000 });
  assert.deepEqual(opening(bucket, 0, 999), {
    opensAtServerMs: atServer(1_000),
  });
  assert.deepEqual(opening(bucket, 0, 1_000), { tokens: 1 });
  assert.deepEqual(opening(bucket, 0, 3_000), { tokens: 3 });
});

Deno.test("openingOf() counts requests in flight against a sliding bucket", () => {
  const bucket = spentBucket({ kind: "sliding", intervalMs: 1_000 });
  assert.deepEqual(opening(bucket, 1, 1_000), {
    opensAtServerMs: atServer(2_000),
  });
});

Deno.test("openingOf() expects nothing of a fixed bucket before its reset, all of it after", () => {
  const bucket = spentBucket({ kind: "fixed", intervalMs: undefined });
  assert.deepEqual(opening(bucket, 0, 4_999), {
    opensAtServerMs: atServer(5_000),
  });
  assert.deepEqual(opening(bucket, 0, 5_000), { tokens: 5 });
});

Deno.test("openingOf() waits for the reset while the kind is not known", () => {
  const bucket = spentBucket({ kind: "unknown", intervalMs: 1_000 });
  assert.deepEqual(opening(bucket, 0, 1_000), {
    opensAtServerMs: atServer(5_000),
  });
});

Deno.test("noteReport() tells a sliding bucket by a reset that moved", () => {
  const bucket = newBucket(factsOf({ kind: "unknown" }));
  noteReport(bucket, bucketOf({ decidedAtMs: 0, remaining: 4 }));
  noteReport(
    bucket,
    bucketOf({ decidedAtMs: 50, remaining: 3, resetAfterMs: 1_950 }),
  );
  assert.equal(bucket.facts.kind, "sliding");
});

Deno.test("noteReport() tells a fixed bucket by a reset that stood still", () => {
  const bucket = newBucket(factsOf({ kind: "unknown" }));
  noteReport(
    bucket,
    bucketOf({ decidedAtMs: 0, remaining: 4, resetAfterMs: 5_000 }),
  );
  noteReport(
    bucket,
    bucketOf({ decidedAtMs: 70, remaining: 3, resetAfterMs: 4_930 }),
  );
  assert.equal(bucket.facts.kind, "fixed");
});

Deno.test("noteReport() learns nothing about the kind from two windows that do not overlap", () => {
  const bucket = newBucket(factsOf({ kind: "unknown" }));
  noteReport(bucket, bucketOf({ decidedAtMs: 0, resetAfterMs: 1_000 }));
  noteReport(bucket, bucketOf({ decidedAtMs: 2_000, resetAfterMs: 1_000 }));
  assert.equal(bucket.facts.kind, "unknown");
});

Deno.test("noteReport() ignores the tokens of an answer that is older than one seen", () => {
  const bucket = newBucket(factsOf({ kind: "sliding" }));
  noteReport(
    bucket,
    bucketOf({ decidedAtMs: 20, remaining: 2, resetAfterMs: 2_980 }),
  );
  noteReport(
    bucket,
    bucketOf({ decidedAtMs: 10, remaining: 3, resetAfterMs: 1_990 }),
  );
  assert.equal(bucket.resetAtServerMs, atServer(3_000));
  assert.equal(bucket.remaining, 2);
});

Deno.test("noteReport() follows a bucket that changes from fixed to sliding", () => {
  const bucket = newBucket(factsOf({ kind: "fixed" }));
  noteReport(bucket, bucketOf({ decidedAtMs: 0, remaining: 4 }));
  noteReport(
    bucket,
    bucketOf({ decidedAtMs: 50, remaining: 3, resetAfterMs: 1_950 }),
  );
  assert.equal(bucket.facts.kind, "sliding");
});

Deno.test("noteSilent() spends a token of a request whose answer said nothing", () => {
  const bucket = spentBucket({ kind: "sliding", intervalMs: 1_000 });
  noteSilent(bucket, atServer(1_000));
  assert.deepEqual(opening(bucket, 0, 1_000), {
    opensAtServerMs: atServer(2_000),
  });
});

Deno.test("BucketRegistry reads the interval off the first request into an idle bucket, and only there", () => {
  const registry = new BucketRegistry(10);
  const third = bucketOf({ decidedAtMs: 0, remaining: 2, resetAfterMs: 2_400 });
  assert.equal(registry.learn(third, 0).intervalMs, undefined);
  const first = bucketOf({ decidedAtMs: 0, remaining: 4, resetAfterMs: 1_000 });
  assert.equal(registry.learn(first, 0).intervalMs, 1_000);
});

Deno.test("BucketRegistry forgets the interval when the limit changes", () => {
  const registry = new BucketRegistry(10);
  registry.learn(bucketOf({ decidedAtMs: 0, remaining: 4 }), 0);
  const changed = bucketOf({ decidedAtMs: 0, limit: 3, remaining: 1 });
  const facts = registry.learn(changed, 0);
  assert.deepEqual([facts.limit, facts.intervalMs], [3, undefined]);
});

Deno.test("BucketRegistry stops following a route that changes its hash more than 8 times a minute", () => {
  const registry = new BucketRegistry(10);
  registry.assign("r", "hash-0", 0);
  for (let flip = 1; flip <= 8; flip++) {
    assert.ok(registry.assign("r", `hash-${flip % 2}`, flip));
  }
  assert.ok(!registry.assign("r", "hash-1", 9));
  assert.ok(registry.assign("r", "hash-1", 60_100));
});

Deno.test("BucketRegistry remembers a bounded number of hashes", () => {
  const registry = new BucketRegistry(3);
  for (let index = 0; index < 10; index++) {
    registry.learn(bucketOf({ decidedAtMs: 0, hash: `hash-${index}` }), 0);
  }
  assert.equal([...registry.all()].length, 3);
});

function factsOf(change: Partial<HashFacts>): HashFacts {
  return {
    hash: "hash-a",
    limit: 5,
    kind: "sliding",
    intervalMs: 1_000,
    isWindowExact: false,
    burst: Infinity,
    spread: "separate",
    windowMs: 5_000,
    probeUntilMs: 0,
    ...change,
  };
}

/** A bucket of 5 emptied at time 0; sliding, it is full again at 5 s. */
function spentBucket(change: Partial<HashFacts>): Bucket {
  return {
    ...newBucket(factsOf(change)),
    resetAtServerMs: atServer(5_000),
    remaining: 0,
    decidedAtServerMs: atServer(0),
  };
}

function opening(bucket: Bucket, inFlight: number, atMs: number): Opening {
  return openingOf(bucket, inFlight, atServer(atMs), atMs);
}

function atServer(atMs: number): number {
  return SERVER_OFFSET_MS + atMs;
}
