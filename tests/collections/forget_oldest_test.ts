import assert from "node:assert/strict";
import { forgetOldest } from "../../rest/collections/forget_oldest.ts";

Deno.test("forgetOldest() keeps what was put in last, and nothing beyond the bound", () => {
  const letters = new Set("abcd");
  forgetOldest(letters, 2);
  assert.deepEqual([...letters], ["c", "d"]);
});

Deno.test("forgetOldest() leaves a collection at its bound as it is", () => {
  const letters = new Set("ab");
  forgetOldest(letters, 2);
  assert.deepEqual([...letters], ["a", "b"]);
});
