import assert from "node:assert/strict";
import { breachesOf, linesOf } from "./_breaches.ts";

const PLACE = "rest/routes/route_of.ts";
const SHAPES: Readonly<Record<string, (body: string) => string>> = {
  declaration: (body) => `function f() {\n${body}}`,
  expression: (body) => `const f = function () {\n${body}};`,
  arrow: (body) => `const f = () => {\n${body}};`,
  method: (body) => `class C { f() {\n${body}} }`,
  accessor: (body) => `const o = { get f() {\n${body}} };`,
};

Deno.test("function-length reports 61 lines of every kind of function", () => {
  for (const [kind, shape] of Object.entries(SHAPES)) {
    const found = breachesOf("function-length", PLACE, shape(linesOf(59)));
    const says = "Function has 61 lines, at most 60 are wanted";
    assert.deepEqual(found, [says], kind);
  }
});

Deno.test("function-length lets 60 lines of every kind of function pass", () => {
  for (const [kind, shape] of Object.entries(SHAPES)) {
    const found = breachesOf("function-length", PLACE, shape(linesOf(58)));
    assert.deepEqual(found, [], kind);
  }
});

Deno.test("function-length counts what a function nests", () => {
  const source = `function f() {\n${SHAPES["arrow"]?.(linesOf(58))}\n}`;
  assert.equal(breachesOf("function-length", PLACE, source).length, 1);
});

Deno.test("function-length leaves tests alone", () => {
  const source = SHAPES["arrow"]?.(linesOf(200)) ?? "";
  const found = breachesOf("function-length", "tests/routes/a_test.ts", source);
  assert.deepEqual(found, []);
});
