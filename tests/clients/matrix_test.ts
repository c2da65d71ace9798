import assert from "node:assert/strict";
import { withMatrix } from "./matrix.ts";
import results from "./results.json" with { type: "json" };
import type { ClientResult } from "./_result.ts";

const README = new URL("../../README.md", import.meta.url);

Deno.test("README's client matrix tells the results of the trials", () => {
  const readme = Deno.readTextFileSync(README);
  const made = withMatrix(readme, results as ClientResult[]);
  // Else run `deno run -A tests/clients/update.ts`.
  assert.deepEqual(rowsOf(made), rowsOf(readme));
});

/** The rows of the matrix, without what the formatter pads them with. */
function rowsOf(readme: string): string[] {
  const [, section = ""] = readme.split(/<!-- \/?clients -->/);
  return section.trim().split("\n")
    .map((row) => row.replaceAll(/ +\|/g, " |").replaceAll(/\| -+/g, "| -"));
}
