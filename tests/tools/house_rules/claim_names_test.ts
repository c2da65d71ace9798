import assert from "node:assert/strict";
import { breachesOf } from "./_breaches.ts";

const PLACE = "tests/routes/route_of_test.ts";
const EMPTY = " in a test name claims nothing";

const BREACHES: ReadonlyArray<[source: string, says: string]> = [
  [`Deno.test("the queue works when full", f);`, `"works"${EMPTY}`],
  [`Deno.test("A request should wait its turn", f);`, `"should"${EMPTY}`],
  [`Deno.test("Should wait for its turn", f);`, `"Should"${EMPTY}`],
  [`Deno.test("the queue is drained correctly", f);`, `"correctly"${EMPTY}`],
  [`Deno.test("the queue is drained properly", f);`, `"properly"${EMPTY}`],
  [`Deno.test("a test of the queue", f);`, `"test"${EMPTY}`],
  [`Deno.test("basic use of lines", f);`, `"basic"${EMPTY}`],
  [`Deno.test({ name: "the queue works well", fn });`, `"works"${EMPTY}`],
  [`Deno.test.ignore("the queue works well", f);`, `"works"${EMPTY}`],
  ["Deno.test(`${name} works when full`, f);", `"works"${EMPTY}`],
  [`Deno.test(name + " works when full", f);`, `"works"${EMPTY}`],
  [`await t.step("that it works well", f);`, `"works"${EMPTY}`],
  [
    `Deno.test("routeOf() ids", f);`,
    `"routeOf() ids" is no claim: want at least 3 words`,
  ],
  [
    `Deno.test(function routes() {});`,
    `"routes" is no claim: want at least 3 words`,
  ],
  [`Deno.test(() => {});`, `"" is no claim: want at least 3 words`],
];

const CLEAN: readonly string[] = [
  `Deno.test("routeOf() strips ids", f);`,
  `Deno.test({ name: "routeOf() strips ids", fn });`,
  "Deno.test(`Breaker: ${title}`, f);",
  "for (const name of CASES) Deno.test(name, f);",
  `Deno.test("the latest answer of a workshop wins", f);`,
  `Deno.run("works");`,
];

Deno.test("claim-names reports words and lengths that claim nothing", () => {
  for (const [source, says] of BREACHES) {
    assert.deepEqual(breachesOf("claim-names", PLACE, source), [says], source);
  }
});

Deno.test("claim-names lets claims pass and what it cannot read", () => {
  for (const source of CLEAN) {
    assert.deepEqual(breachesOf("claim-names", PLACE, source), [], source);
  }
});

Deno.test("claim-names reads nothing outside tests/", () => {
  const source = `Deno.test("works", f);`;
  assert.deepEqual(breachesOf("claim-names", "sim/demo.ts", source), []);
});
