import assert from "node:assert/strict";
import {
  contentPrintOf,
  indexOfBytes,
  writePrintOf,
} from "../../rest/idempotency/fingerprint.ts";
import { fc } from "../deps.ts";
import { requestOf, sha256 } from "../dispatcher/_builders.ts";

function digestOf(type: string | undefined, body: Uint8Array<ArrayBuffer>) {
  return contentPrintOf(
    requestOf("POST", {
      headers: type === undefined ? [] : [["content-type", type]],
      body,
    }),
    sha256,
  );
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((value) =>
  new Uint8Array(value)
);
/** The signs RFC 2046 allows, but for the blank. */
const boundary = fc.string({
  unit: fc.constantFrom(..."0123456789abcXYZ'()+_,-./:=?"),
  minLength: 1,
  maxLength: 70,
});

function multipart(
  mark: string,
  parts: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const chunks = parts.flatMap((
    part,
  ) => [encoder.encode(`--${mark}\r\n\r\n`), part, encoder.encode("\r\n")]);
  chunks.push(encoder.encode(`--${mark}--\r\n`));
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}

Deno.test("no print of a request shows its path, which may hold a token", () => {
  const request = requestOf("POST", { path: "/webhooks/1/a-secret" });
  for (const printOf of [contentPrintOf, writePrintOf]) {
    assert.doesNotMatch(printOf(request, sha256), /secret/);
  }
});

Deno.test("contentPrintOf() is equal for equal bodies and differs with a single byte", () => {
  fc.assert(
    fc.property(bytes, fc.nat(), (body, at) => {
      const copy = new Uint8Array(body);
      const json = "application/json";
      assert.equal(digestOf(json, body), digestOf(json, copy));
      if (copy.byteLength === 0) return;
      const index = at % copy.byteLength;
      copy[index] = (copy[index] ?? 0) ^ 1;
      assert.notEqual(digestOf(json, body), digestOf(json, copy));
    }),
    { seed: 1 },
  );
});

Deno.test("contentPrintOf() does not see the boundary of a multipart body, quoted or not", () => {
  // Random parts that happen to hold a boundary would not be valid multipart.
  const part = fc.constantFrom("a picture", "\u0000\u0001-", "--", "");
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 4 }),
      boundary.map((mark) => `one${mark}`),
      boundary.map((mark) => `two${mark}`),
      (texts, one, two) => {
        const parts = texts.map((text) => new TextEncoder().encode(text));
        const left = digestOf(
          `multipart/form-data; boundary="${one}"`,
          multipart(one, parts),
        );
        const right = digestOf(
          `multipart/form-data;boundary="${two}"; charset=utf-8`,
          multipart(two, parts),
        );
        assert.equal(left, right);
      },
    ),
    { seed: 2 },
  );
});

Deno.test("contentPrintOf() sees a different part in a multipart body", () => {
  const encode = (text: string) => [new TextEncoder().encode(text)];
  const type = (mark: string) => `Multipart/Form-Data; boundary=${mark}`;
  assert.notEqual(
    digestOf(type("mark1"), multipart("mark1", encode("a"))),
    digestOf(type("mark2"), multipart("mark2", encode("b"))),
  );
});

Deno.test("contentPrintOf() keeps the boundary's word in a body that is not multipart", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const type = "application/json; boundary=x";
  assert.notEqual(digestOf(type, encode("x")), digestOf(type, encode("y")));
});

Deno.test("indexOfBytes() finds a word where a search of every place does", () => {
  // Few letters, so that words nearly fit nearly everywhere.
  const few = (maxLength: number) =>
    fc.array(fc.constantFrom(7, 8), { maxLength })
      .map((values) => new Uint8Array(values));
  fc.assert(
    fc.property(few(40), few(6), fc.nat(45), (body, word, from) => {
      const places = Array.from(body, (_, at) => at);
      const found = places.find((at) =>
        at >= from && word.length > 0 && at + word.length <= body.length &&
        word.every((byte, offset) => body[at + offset] === byte)
      );
      assert.equal(indexOfBytes(body, word, from), found ?? -1);
    }),
    { seed: 1, numRuns: 2_000 },
  );
});
