import assert from "node:assert/strict";
import { PackedBytes } from "../../rest/collections/packed_bytes.ts";

const decoder = new TextDecoder();

Deno.test("PackedBytes.encode() gives the UTF-8 of each text, whatever is packed beside it", () => {
  const packed = new PackedBytes();
  const texts = Array.from(
    { length: 500 },
    (_, index) => "aé€😀".repeat(index % 90) + index,
  );
  const all = texts.map((text) => packed.encode(text));
  assert.deepEqual(all.map((bytes) => decoder.decode(bytes)), texts);
});

Deno.test("PackedBytes.encode() has small texts share a buffer of 8 KiB", () => {
  const packed = new PackedBytes();
  const eight = Array.from(
    { length: 8 },
    () => packed.encode("x".repeat(1_024)),
  );
  assert.equal(new Set(eight.map(({ buffer }) => buffer)).size, 1);
  assert.equal(eight[0]?.buffer.byteLength, 8_192);
  assert.notEqual(packed.encode("x").buffer, eight[0]?.buffer);
});

Deno.test("PackedBytes.encode() gives a text of more than 1,024 characters a buffer of its own", () => {
  const packed = new PackedBytes();
  const large = packed.encode("x".repeat(1_025));
  assert.equal(large.buffer.byteLength, 1_025);
  assert.notEqual(packed.encode("x".repeat(1_024)).buffer, large.buffer);
});

Deno.test("PackedBytes.encode() fits 1,024 characters of three bytes each", () => {
  const packed = new PackedBytes();
  for (let times = 0; times < 3; times++) {
    assert.equal(packed.encode("€".repeat(1_024)).byteLength, 3_072);
  }
});

Deno.test("PackedBytes.encode() gives no bytes for an empty text", () => {
  assert.equal(new PackedBytes().encode("").byteLength, 0);
});
