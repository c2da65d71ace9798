import assert from "node:assert/strict";
import {
  digestOf,
  isSameDigest,
} from "../../../rest/listener/access/digest.ts";
import { createKeyRing } from "../../../rest/listener/access/key_ring.ts";
import { keyOf } from "../_bench.ts";

const RING = createKeyRing([
  keyOf("first", "one-long-enough-key"),
  keyOf("second", "another-one-with-more-letters"),
]);

Deno.test("keyOf() tells keys apart by name", () => {
  assert.equal(RING.keyOf("one-long-enough-key")?.name, "first");
  assert.equal(RING.keyOf("another-one-with-more-letters")?.name, "second");
});

Deno.test("keyOf() takes nothing but the whole key", () => {
  for (
    const wrong of [
      "",
      "one-long-enough-ke",
      "one-long-enough-key ",
      "One-long-enough-key",
    ]
  ) {
    assert.equal(RING.keyOf(wrong), undefined, wrong);
  }
});

Deno.test("what is compared is equally long for every key", () => {
  for (const text of ["", "a", "a".repeat(10_000)]) {
    assert.equal(digestOf(text).length, 32);
  }
});

Deno.test("isSameDigest() looks at every byte before it answers", () => {
  // Only a comparison made for secrets refuses unequal lengths instead of
  // answering at once; that it is the one in use is what can be tested.
  assert.throws(() => isSameDigest(new Uint8Array(32), new Uint8Array(31)), {
    code: "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH",
  });
});

Deno.test("keyOf() compares with every key, whichever fits", () => {
  let compared = 0;
  const keys = ["a", "b", "c"].map((name) => keyOf(name, name));
  const ring = createKeyRing(keys, (one, other) => {
    compared++;
    return isSameDigest(one, other);
  });
  for (const presented of ["a", "c", "none", "none"]) {
    compared = 0;
    ring.keyOf(presented);
    assert.equal(compared, 3, presented);
  }
});

Deno.test("a key that has proved right is known again without another digest", () => {
  let compared = 0;
  const ring = createKeyRing([keyOf("a", "a")], (one, other) => {
    compared++;
    return isSameDigest(one, other);
  });
  assert.equal(ring.keyOf("a")?.name, "a");
  assert.equal(ring.keyOf("a")?.name, "a");
  assert.equal(compared, 1);
});

Deno.test("a key that was taken away opens nothing, however often it has proved right", () => {
  const ring = createKeyRing([keyOf("old", "old-key"), keyOf("same", "k")]);
  assert.equal(ring.keyOf("old-key")?.name, "old");
  assert.equal(ring.keyOf("k")?.name, "same");
  ring.replace([keyOf("new", "k")]);
  assert.equal(ring.keyOf("old-key"), undefined);
  assert.equal(ring.keyOf("k")?.name, "new");
});

Deno.test("a ring shows none of its keys in print", () => {
  assert.ok(!Deno.inspect(RING, { depth: 9 }).includes("one-long-enough-key"));
});
