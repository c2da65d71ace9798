import assert from "node:assert/strict";
import { CASES } from "../../bench/cases.ts";
import { SERVER_OPTIONS } from "../../sim/options.ts";
import { checkNames } from "../../sim/model/settings.ts";

Deno.test("no two cases share a name", () => {
  const names = CASES.map((benchCase) => benchCase.name);
  assert.equal(new Set(names).size, names.length);
});

Deno.test("every world is one that the simulator knows", () => {
  for (const { sim } of CASES) checkNames(sim, SERVER_OPTIONS);
});

Deno.test("within a case nothing is asked twice", () => {
  for (const { name, shots } of CASES) {
    const asked = shots.map(({ method, path, body }) =>
      `${method} ${path} ${body}`
    );
    assert.equal(new Set(asked).size, asked.length, name);
  }
});
