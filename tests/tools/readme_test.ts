import assert from "node:assert/strict";
import { REFUSALS } from "../../rest/domain/refusal.ts";
import { withTables } from "../../tools/write_readme.ts";

const README = Deno.readTextFileSync(
  new URL("../../README.md", import.meta.url),
);

Deno.test("README tells every setting and refusal as the code has them (else run `deno task readme`)", () => {
  assert.equal(cells(withTables(README)), cells(README));
});

Deno.test("every refusal with status 429 or 503 certainly never reached Discord", () => {
  for (const [code, { status, sent }] of Object.entries(REFUSALS)) {
    if (status === 429 || status === 503) assert.ok(sent === false, code);
  }
});

/** The text without what the formatter pads tables with. */
function cells(text: string): string {
  return text.replaceAll(/ +\|/g, " |").replaceAll(/\| -+/g, "| -");
}
