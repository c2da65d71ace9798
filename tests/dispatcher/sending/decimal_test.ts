import assert from "node:assert/strict";
import { decimalOf, msOf } from "../../../rest/dispatcher/sending/decimal.ts";
import { fc } from "../../deps.ts";

Deno.test("decimalOf() reads plain decimals and nothing else", () => {
  const cases: ReadonlyArray<
    readonly [string | undefined, number | undefined]
  > = [
    ["0", 0],
    ["5", 5],
    ["007", 7],
    ["1.000", 1],
    ["64.57", 64.57],
    ["1700000000.123", 1_700_000_000.123],
    ["999999999999999", 999_999_999_999_999],
    ["9999999999999999", undefined],
    ["0.12345678901234567890", 0.12345678901234567890],
    [undefined, undefined],
    ["", undefined],
    [".", undefined],
    [".5", undefined],
    ["5.", undefined],
    ["1.2.3", undefined],
    ["-1", undefined],
    ["+1", undefined],
    ["1e3", undefined],
    [" 1", undefined],
    ["1 ", undefined],
    ["1,5", undefined],
    ["abc", undefined],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
    ["\u0661", undefined],
  ];
  for (const [text, value] of cases) {
    assert.equal(decimalOf(text), value, String(text));
  }
});

Deno.test("decimalOf() says of any text what a pattern and Number would", () => {
  const pattern = /^\d{1,15}(?:\.\d+)?$/;
  const digits = fc.stringMatching(/^\d{0,18}(?:\.\d{0,18})?$/);
  fc.assert(
    fc.property(fc.oneof(digits, fc.string()), (text) => {
      const wanted = pattern.test(text) ? Number(text) : undefined;
      assert.equal(decimalOf(text), wanted);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("msOf() leaves no crumbs of binary fractions", () => {
  assert.equal(msOf(64.57), 64_570);
  assert.equal(msOf(0.3), 300);
});
