import assert from "node:assert/strict";
import { GrowingBytes } from "../../rest/collections/growing_bytes.ts";

Deno.test("bytes come out as they went in, whatever was expected", () => {
  const chunks = [[1], [], [2, 3], [4, 5, 6, 7, 8]];
  for (const expected of [0, 1, 7, 8, 9, 100]) {
    const bytes = new GrowingBytes(expected);
    for (const chunk of chunks) bytes.add(Uint8Array.from(chunk));
    assert.equal(bytes.length, 8);
    const taken = bytes.take();
    assert.deepEqual([...taken], chunks.flat());
    assert.equal(taken.buffer.byteLength, 8);
  }
});

Deno.test("what was announced and has not come takes no memory", () => {
  const bytes = new GrowingBytes(1_000_000);
  bytes.add(new Uint8Array(10));
  bytes.add(new Uint8Array(1));
  assert.ok(bytes.heldBytes <= 22);
});
