import assert from "node:assert/strict";
import { ALL_RIGHTS } from "../../../rest/domain/access.ts";
import type { Key } from "../../../rest/listener/access/key_ring.ts";
import { KnownAddresses } from "../../../rest/listener/access/known_addresses.ts";

const HOUR_MS = 3_600_000;
const KEY: Key = { name: "k", sha256: "0".repeat(64), rights: ALL_RIGHTS };
const isValid = () => true;

Deno.test("an address is known for an hour after its last key, and not a millisecond longer", () => {
  const known = new KnownAddresses();
  known.add("10.0.0.1", KEY, 0);
  known.add("10.0.0.1", KEY, 500);
  const has = (nowMs: number) => known.has("10.0.0.1", nowMs, isValid);
  assert.ok(has(500 + HOUR_MS - 1));
  assert.ok(has(500 + HOUR_MS));
  assert.ok(!has(500 + HOUR_MS + 1));
  assert.ok(!known.has("10.0.0.2", 500, isValid));
});

Deno.test("a revoked key makes no address known", () => {
  const known = new KnownAddresses();
  known.add("10.0.0.1", KEY, 0);
  assert.ok(!known.has("10.0.0.1", 1, (key) => key !== KEY));
  // A bot's own token cannot be revoked.
  known.add("10.0.0.1", undefined, 1);
  assert.ok(known.has("10.0.0.1", 2, () => false));
});

Deno.test("the newest 10,000 addresses are known, in the order of their last keys", () => {
  const known = new KnownAddresses();
  const address = (n: number) => `10.0.${n >> 8}.${n & 255}`;
  known.add("first", KEY, 0);
  for (let n = 1; n < 10_000; n++) known.add(address(n), KEY, 0);
  assert.equal(known.size, 10_000);
  // It proves itself again, so that another one is the oldest.
  known.add("first", KEY, 60_000);
  known.add("one more", KEY, 60_000);
  assert.equal(known.size, 10_000);
  assert.ok(known.has("first", 60_001, isValid));
  assert.ok(!known.has(address(1), 60_001, isValid));
  assert.ok(known.has(address(2), 60_001, isValid));
});
