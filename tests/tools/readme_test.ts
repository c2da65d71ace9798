import assert from "node:assert/strict";
import { envExample } from "../../rest/config/describe_settings.ts";
import { SETTING_GROUPS } from "../../rest/config/setting_groups.ts";
import { SETTINGS } from "../../rest/config/settings.ts";
import { REFUSALS } from "../../rest/domain/refusal.ts";
import { pagesWithTables } from "../../tools/write_docs.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the docs tell every setting and refusal as the code has them (else run `deno task readme`)", () => {
  for (const { place, found, made } of pagesWithTables()) {
    assert.equal(cells(made), cells(found), place);
  }
});

Deno.test("every setting stands in one group, and no group is longer than eight", () => {
  const members = SETTING_GROUPS.flatMap(({ members }) => members);
  assert.deepEqual(members.toSorted(), Object.keys(SETTINGS).toSorted());
  const tooLong = SETTING_GROUPS.filter(({ members }) => members.length > 8);
  assert.deepEqual(tooLong, []);
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
