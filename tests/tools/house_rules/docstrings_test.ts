import assert from "node:assert/strict";
import { breachesOf } from "./_breaches.ts";

const PLACE = "rest/routes/route_of.ts";
const SAYS = "f is exported without a sentence on what it is for";

/** What may be exported and has to say what it is for. */
const SHAPES = [
  "export function f() {}",
  "export async function f() {}",
  "export function* f() {}",
  "export class f {}",
  "export abstract class f {}",
  "export const f = () => {};",
  "export const f = 1;",
  "export interface f { x: number }",
  "export type f = string;",
] as const;

const DOCSTRINGS = [
  "/** Cuts a path. */",
  "/** `Reset` as a moment. */",
  "/**\n * Cuts a path: what follows\n * the rest. And more.\n *\n * @param a seconds\n */",
  "/** Cuts a path (section 2.3). */",
  "// “…” 🙂\n/** Cuts “a path” … 🙂. */",
] as const;

/** Comments that say nothing, or that no editor shows. */
const NO_DOCSTRINGS = [
  "",
  "// Cuts a path.",
  "/* Cuts a path. */",
  "/** */",
  "/** path */",
  "/** cuts a path. */",
  "/** @param a Seconds. */",
] as const;

Deno.test("docstrings reports every kind of export without one", () => {
  for (const shape of SHAPES) {
    assert.deepEqual(breachesOf("docstrings", PLACE, shape), [SAYS], shape);
  }
});

Deno.test("docstrings lets a sentence above each of them pass", () => {
  for (const shape of SHAPES) {
    for (const docstring of DOCSTRINGS) {
      const source = `${docstring}\n${shape}`;
      assert.deepEqual(breachesOf("docstrings", PLACE, source), [], source);
    }
  }
});

Deno.test("docstrings takes no other comment for a sentence", () => {
  for (const comment of NO_DOCSTRINGS) {
    const source = `${comment}\nexport function f() {}`;
    assert.deepEqual(breachesOf("docstrings", PLACE, source), [SAYS], source);
  }
});

Deno.test("docstrings does not take another's sentence for that of the next", () => {
  const source = `/** Is one. */
    const one = 1;
    export function f() {}
    void one;`;
  assert.deepEqual(breachesOf("docstrings", PLACE, source), [SAYS]);
});

Deno.test("docstrings looks past directives to the linter", () => {
  const source = `/** Cuts a path. */
    // deno-lint-ignore no-explicit-any
    export function f(a: any) {}`;
  assert.deepEqual(breachesOf("docstrings", PLACE, source), []);
});

Deno.test("docstrings wants one sentence for all overloads of a function", () => {
  const overloads = `export function f(a: string): void;
    export function f(a: number): void;
    export function f(a: unknown): void {}`;
  assert.deepEqual(breachesOf("docstrings", PLACE, overloads), [SAYS]);
  const source = `/** Cuts a path. */\n${overloads}`;
  assert.deepEqual(breachesOf("docstrings", PLACE, source), []);
});

Deno.test("docstrings leaves alone what is not exported, is passed on or stands elsewhere", () => {
  const sources = [
    "function f() {}\nf();",
    `export { f } from "./f.ts";`,
    `export * from "./f.ts";`,
    `export type { f } from "./f.ts";`,
  ];
  for (const source of sources) {
    assert.deepEqual(breachesOf("docstrings", PLACE, source), [], source);
  }
  for (const place of ["tests/a_test.ts", "sim/a.ts", "tools/a.ts"]) {
    const found = breachesOf("docstrings", place, "export function f() {}");
    assert.deepEqual(found, [], place);
  }
  for (const place of ["rest/a/b.ts", "client/a.ts"]) {
    const found = breachesOf("docstrings", place, "export function f() {}");
    assert.deepEqual(found, [SAYS], place);
  }
});
