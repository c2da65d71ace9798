import assert from "node:assert/strict";
import { checkNextVersion } from "../../../tools/release/version.ts";

Deno.test("a release may be the version that stands there, or raise one number by one", () => {
  for (const next of ["1.2.3", "1.2.4", "1.3.0", "2.0.0"]) {
    checkNextVersion(next, "1.2.3");
  }
});

for (const next of ["1.2.2", "1.2.5", "1.3.1", "3.0.0", "v1.3.0", "1.3", ""]) {
  Deno.test(`after 1.2.3 a release cannot be ${JSON.stringify(next)}`, () => {
    assert.throws(() => checkNextVersion(next, "1.2.3"), {
      message: `Cannot release ${
        JSON.stringify(next)
      }: after 1.2.3 come 1.2.4, 1.3.0, 2.0.0`,
    });
  });
}
