import assert from "node:assert/strict";
import { envExample } from "../../rest/config/describe_settings.ts";
import { REFUSALS } from "../../rest/domain/refusal.ts";
import { withTables } from "../../tools/write_readme.ts";

const ROOT = new URL("../../", import.meta.url);
const README = Deno.readTextFileSync(new URL("README.md", ROOT));

Deno.test("README tells every setting and refusal as the code has them (else run `deno task readme`)", () => {
  assert.equal(cells(withTables(README)), cells(README));
});

Deno.test(".env.example is what the table of settings says (else run `deno task readme`)", () => {
  const text = Deno.readTextFileSync(new URL(".env.example", ROOT));
  assert.equal(text, envExample());
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
