import assert from "node:assert/strict";
import { hashText } from "../../rest/routes/hash_text.ts";

Deno.test("hashText() gives 200,000 near twins names of their own", () => {
  const names = new Set<string>();
  for (let index = 0; index < 200_000; index++) {
    names.add(hashText(`/channels/1500000000000${100_000 + index}/messages`));
  }
  assert.equal(names.size, 200_000);
});

Deno.test("hashText() changes about half its bits with any one character", () => {
  const text = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MA";
  const bitsOf = (name: string) =>
    parseInt(name, 36).toString(2).padStart(53, "0");
  const own = bitsOf(hashText(text));
  for (let index = 0; index < text.length; index++) {
    const other = text.slice(0, index) + "_" + text.slice(index + 1);
    const bits = bitsOf(hashText(other));
    const flipped = [...own].filter((bit, at) => bit !== bits[at]).length;
    assert.ok(flipped > 10 && flipped < 43, `${flipped} bits at ${index}`);
  }
});

Deno.test("hashText() tells texts apart that differ in length alone", () => {
  const names = new Set(["", "a", "aa", "aaa", "\0", "\0\0"].map(hashText));
  assert.equal(names.size, 6);
});

Deno.test("hashText() gives at most 53 bits, as eleven letters and digits", () => {
  for (let index = 0; index < 1_000; index++) {
    const name = hashText(`${index}`);
    assert.match(name, /^[0-9a-z]{1,11}$/);
    assert.ok(Number.isSafeInteger(parseInt(name, 36)));
  }
});
