import assert from "node:assert/strict";
import { withMatrix } from "./matrix.ts";
import results from "./results.json" with { type: "json" };
import type { ClientResult } from "./_result.ts";

const PAGE = new URL("../../docs/clients.md", import.meta.url);

Deno.test("docs/clients.md tells the results of the trials", () => {
  const page = Deno.readTextFileSync(PAGE);
  const made = withMatrix(page, results as ClientResult[]);
  // Else run `deno run -A tests/clients/update.ts`.
  assert.deepEqual(wordsOf(made), wordsOf(page));
});

/** The matrix without what the formatter does: it pads tables and breaks lines. */
function wordsOf(page: string): string[] {
  const [, section = ""] = page.split(/<!-- \/?clients -->/);
  return section.trim().replaceAll(/\| -+/g, "| -").split(/\s+/);
}
