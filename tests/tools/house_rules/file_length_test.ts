import assert from "node:assert/strict";
import { breachesOf, linesOf } from "./_breaches.ts";

Deno.test("file-length reports 301 lines wherever code of ours stands", () => {
  for (const place of ["rest/a.ts", "sim/a.ts", "client/a.ts", "bench/a.ts"]) {
    assert.deepEqual(breachesOf("file-length", place, linesOf(301)), [
      "File has 301 lines, at most 300 are wanted",
    ]);
  }
});

Deno.test("file-length lets 300 lines pass", () => {
  assert.deepEqual(breachesOf("file-length", "rest/a.ts", linesOf(300)), []);
});

Deno.test("file-length leaves tests alone", () => {
  const found = breachesOf("file-length", "tests/a_test.ts", linesOf(900));
  assert.deepEqual(found, []);
});
