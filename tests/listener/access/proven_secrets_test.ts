import assert from "node:assert/strict";
import { fc } from "../../deps.ts";
import {
  isSameText,
  ProvenSecrets,
} from "../../../rest/listener/access/proven_secrets.ts";

Deno.test("isSameText() is equality of texts", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (one, other) => {
    assert.equal(isSameText(one, other), one === other);
    assert.ok(isSameText(one, one));
  }));
});

Deno.test("isSameText() takes no repetition and no beginning for the whole", () => {
  for (
    const [presented, known] of [
      ["abab", "ab"],
      ["ab", "abab"],
      ["", "a"],
      ["a", ""],
      ["a\0", "a"],
    ] as const
  ) {
    assert.ok(!isSameText(presented, known), `${presented} ${known}`);
  }
});

Deno.test("find() knows what was added and nothing else", () => {
  const proven = new ProvenSecrets<number>();
  assert.equal(proven.find("one"), undefined);
  proven.add("one", 1);
  proven.add("two", 2);
  assert.equal(proven.find("one"), 1);
  assert.equal(proven.find("two"), 2);
  assert.equal(proven.find("three"), undefined);
});

Deno.test("what is longer than any usual secret is neither remembered nor looked for", () => {
  const proven = new ProvenSecrets<number>();
  const [longest, longer] = ["x".repeat(1_024), "x".repeat(1_025)];
  proven.add(longest, 1);
  proven.add(longer, 2);
  assert.equal(proven.find(longest), 1);
  assert.equal(proven.find(longer), undefined);
});

Deno.test("what has proved right shows in no print", () => {
  const proven = new ProvenSecrets<number>();
  proven.add("a-secret", 1);
  assert.ok(!Deno.inspect(proven, { depth: 9 }).includes("a-secret"));
});
