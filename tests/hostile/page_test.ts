import assert from "node:assert/strict";
import { readPage, withAttempts } from "./_page.ts";

Deno.test("SECURITY.md tells every attempt as the tests have it (else run `deno run -ERW tests/hostile/_page.ts && deno fmt SECURITY.md`)", () => {
  const page = readPage();
  assert.equal(cells(withAttempts(page)), cells(page));
});

/** The text without what the formatter pads tables with. */
function cells(text: string): string {
  return text.replaceAll(/ +\|/g, " |").replaceAll(/\| -+/g, "| -");
}
