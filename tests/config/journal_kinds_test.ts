import assert from "node:assert/strict";
import {
  JOURNAL_KEY,
  journalKeyBytes,
} from "../../rest/config/journal_kinds.ts";

const BYTES = Uint8Array.from({ length: 32 }, (_, index) => index * 7);

Deno.test("a key of the journal is the same 32 bytes in hex and in base64", () => {
  const texts = [
    BYTES.toHex(),
    BYTES.toHex().toUpperCase(),
    BYTES.toBase64(),
    BYTES.toBase64().replace("=", ""),
  ];
  for (const text of texts) {
    const key = JOURNAL_KEY.parse(text);
    assert.ok(key !== undefined, text);
    assert.deepEqual(journalKeyBytes(key), BYTES);
  }
});

Deno.test("any other length is no key of the journal, and none is shown", () => {
  const wrong = ["", "short", BYTES.toHex().slice(2), BYTES.toHex() + "00"];
  for (const text of wrong) assert.equal(JOURNAL_KEY.parse(text), undefined);
  assert.doesNotMatch(JOURNAL_KEY.show(BYTES.toHex()), /0e15/);
});
