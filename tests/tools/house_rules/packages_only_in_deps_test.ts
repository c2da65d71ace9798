import assert from "node:assert/strict";
import { breachesOf } from "./_breaches.ts";

const SPECIFIERS: readonly string[] = [
  "undici",
  "@discordeno/rest",
  "npm:undici@8",
  "node:crypto",
  "jsr:@std/assert",
  "https://example.com/mod.ts",
];

const FORMS: ReadonlyArray<(specifier: string) => string> = [
  (specifier) => `import { x } from "${specifier}";`,
  (specifier) => `import type { X } from "${specifier}";`,
  (specifier) => `export * from "${specifier}";`,
  (specifier) => `export { x } from "${specifier}";`,
  (specifier) => `await import("${specifier}");`,
  (specifier) => `type X = import("${specifier}").X;`,
];

Deno.test("packages-only-in-deps reports each kind of package in each form of import", () => {
  for (
    const place of ["rest/upstream/send.ts", "sim/server.ts", "client/a.ts"]
  ) {
    for (const specifier of SPECIFIERS) {
      for (const form of FORMS) {
        const found = breachesOf(
          "packages-only-in-deps",
          place,
          form(specifier),
        );
        assert.deepEqual(found, [`"${specifier}" is named outside deps.ts`]);
      }
    }
  }
});

Deno.test("packages-only-in-deps lets a deps.ts name packages", () => {
  for (const folder of ["", "tests/", "bench/", "tools/"]) {
    const place = `${folder}deps.ts`;
    const source = `export { Agent } from "npm:undici@8";`;
    assert.deepEqual(breachesOf("packages-only-in-deps", place, source), []);
  }
});

Deno.test("packages-only-in-deps knows no deps.ts of rest/, sim/ or client/", () => {
  const source = `export { Agent } from "npm:undici@8";`;
  for (const place of ["rest/deps.ts", "sim/deps.ts", "client/deps.ts"]) {
    assert.equal(
      breachesOf("packages-only-in-deps", place, source).length,
      1,
      place,
    );
  }
});

Deno.test("packages-only-in-deps lets sim/deps.ts name what is built in", () => {
  const source = `export { createServer } from "node:net";`;
  const rule = "packages-only-in-deps";
  assert.deepEqual(breachesOf(rule, "sim/deps.ts", source), []);
  assert.equal(breachesOf(rule, "sim/server.ts", source).length, 1);
});

Deno.test("packages-only-in-deps opens node:assert/strict to tests alone", () => {
  const source = `import assert from "node:assert/strict";`;
  const rule = "packages-only-in-deps";
  assert.deepEqual(breachesOf(rule, "tests/routes/a_test.ts", source), []);
  assert.equal(breachesOf(rule, "rest/routes/a.ts", source).length, 1);
});

Deno.test("packages-only-in-deps lets files of ours pass", () => {
  const source = `import { x } from "../domain/answer.ts";`;
  const found = breachesOf("packages-only-in-deps", "rest/routes/a.ts", source);
  assert.deepEqual(found, []);
});
