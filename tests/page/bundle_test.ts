import assert from "node:assert/strict";
import { BUNDLE, sourcesLine } from "../../tools/build_page.ts";

Deno.test("the page that is served was bundled from the sources that are here: else run `deno task page`", async () => {
  const bundle = await Deno.readTextFile(
    new URL(`../../${BUNDLE}`, import.meta.url),
  );
  assert.equal(bundle.slice(0, bundle.indexOf("\n")), await sourcesLine());
});
