import assert from "node:assert/strict";
import {
  childText,
  jsonChildren,
} from "../../../rest/rep/frames/json_children.ts";
import { fc } from "../../deps.ts";

const SEED = 20261121;

/** The names and parsed values of an object's members, as found in its text. */
function read(text: string): unknown {
  const children = jsonChildren(text, 512) ?? [];
  return children.map(({ name, text }) => [name, JSON.parse(text)]);
}

Deno.test(`jsonChildren() finds what JSON.parse finds, however it is spaced (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()),
      fc.constantFrom(undefined, 1, "\t"),
      (object, space) => {
        const text = JSON.stringify(object, null, space);
        assert.deepEqual(read(text), Object.entries(JSON.parse(text)));
      },
    ),
    { seed: SEED, numRuns: 1_000 },
  );
});

Deno.test(`jsonChildren() finds the elements of arrays (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (array) => {
      const text = JSON.stringify(array);
      const found = (jsonChildren(text, 512) ?? []).map((child) => child.text);
      assert.deepEqual(found.map((each) => JSON.parse(each)), JSON.parse(text));
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

Deno.test(`jsonChildren() ends on any text (seed ${SEED})`, () => {
  const token = fc.constantFrom(
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    "a",
    "1",
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 100 }), (tokens) => {
      jsonChildren(tokens.join(""), 5);
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

Deno.test("jsonChildren() refuses one level more than it is given", () => {
  assert.equal(jsonChildren("[[1]]", 2)?.length, 1);
  assert.equal(jsonChildren("[[[1]]]", 2), undefined);
  assert.equal(jsonChildren('["[[[["]', 1)?.length, 1);
});

Deno.test("jsonChildren() refuses one child more than 10,000", () => {
  const of = (count: number) => `[${Array(count).fill(1).join(",")}]`;
  assert.equal(jsonChildren(of(10_000), 1)?.length, 10_000);
  assert.equal(jsonChildren(of(10_001), 1), undefined);
});

Deno.test("childText() gives the last of several, in whatever spelling", () => {
  const children = jsonChildren('{"a":1,"\\u0061":2,"b":3}', 1) ?? [];
  assert.equal(childText(children, "a"), "2");
  assert.equal(childText(children, "c"), undefined);
});

Deno.test("a text of more values than any body has is given up, however deep they stand", () => {
  const of = (commas: number) => `{"data":{"a":[[1${",1".repeat(commas)}]]}}`;
  assert.equal(jsonChildren(of(100_000), 9)?.length, 1);
  assert.equal(jsonChildren(of(100_001), 9), undefined);
  const text = JSON.stringify({ content: ",".repeat(100_001) });
  assert.equal(jsonChildren(text, 9)?.length, 1);
});
