import assert from "node:assert/strict";
import { isThere, textOf } from "../tools/_source_files.ts";

/** The right-hand cells of the table in `examples/README.md`. */
function placesInTable(): string[] {
  const [, table = ""] = textOf("examples/README.md").split("<!-- guide -->");
  return table.split("<!-- /guide -->")[0]?.trim().split("\n").slice(2)
    .map((row) => row.split(" | ").at(-1) ?? "") ?? [];
}

function spansIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);
}

const isFile = (span: string) => /^(?:[\w/]+\/)?\w+\.ts$/.test(span);

Deno.test("each line of the guide has its place in a file that is there", () => {
  const cells = placesInTable();
  assert.ok(cells.length >= 15, `${cells.length} rows`);
  const files = cells.flatMap(spansIn).filter(isFile);
  assert.deepEqual(files.filter((file) => !isThere(file)), []);
});

Deno.test("what the table quotes of rest/mod.ts stands there, word for word", () => {
  const quoted = placesInTable()
    .filter((cell) => cell.startsWith("`rest/mod.ts`:"))
    .map((cell) => spansIn(cell)[1] ?? "");
  assert.equal(quoted.length, 3);
  const text = textOf("rest/mod.ts");
  assert.deepEqual(quoted.filter((code) => !text.includes(code)), []);
});

Deno.test("calls that the table quotes stand in the files it names beside them", () => {
  const strange = placesInTable().flatMap((cell) => {
    const spans = spansIn(cell);
    const call = spans.find((span) => /^\w+\.\w+\($/.test(span));
    const file = spans.find(isFile);
    if (call === undefined || file === undefined) return [];
    return textOf(file).includes(call) ? [] : [`${call} in ${file}`];
  });
  assert.deepEqual(strange, []);
});
