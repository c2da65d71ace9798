import assert from "node:assert/strict";
import { bodyFields } from "../../rest/routes/body_fields.ts";

const JSON_TYPE = "application/json";

Deno.test("bodyFields() names the members a PATCH changes", () => {
  const body = bytesOf('{"name":"a","topic":null,"__proto__":{"x":1}}');
  assert.deepEqual(bodyFields("PATCH", JSON_TYPE, body), [
    "name",
    "topic",
    "__proto__",
  ]);
  assert.deepEqual(
    bodyFields("PATCH", "Application/JSON; charset=utf-8", bytesOf("{}")),
    [],
  );
});

Deno.test("bodyFields() leaves every other method alone", () => {
  for (const method of ["GET", "POST", "PUT", "DELETE"] as const) {
    assert.equal(
      bodyFields(method, JSON_TYPE, bytesOf('{"name":1}')),
      undefined,
    );
  }
});

Deno.test("bodyFields() admits when it cannot tell", () => {
  const untold: [contentType: string | undefined, text: string][] = [
    [undefined, '{"name":1}'],
    ["multipart/form-data; boundary=x", '{"name":1}'],
    ["application/jsonp", '{"name":1}'],
    [JSON_TYPE, ""],
    [JSON_TYPE, "{"],
    [JSON_TYPE, "[1]"],
    [JSON_TYPE, "null"],
    [JSON_TYPE, "3"],
  ];
  for (const [contentType, text] of untold) {
    assert.equal(
      bodyFields("PATCH", contentType, bytesOf(text)),
      undefined,
      text,
    );
  }
  assert.equal(bodyFields("PATCH", JSON_TYPE, undefined), undefined);
  assert.equal(
    bodyFields("PATCH", JSON_TYPE, Uint8Array.of(0x7b, 0xff, 0x7d)),
    undefined,
  );
});

Deno.test("bodyFields() reads 8,192 bytes and not one more", () => {
  const bodyOf = (bytes: number) => bytesOf(`{"a":"${"x".repeat(bytes - 8)}"}`);
  assert.equal(bodyOf(8_192).byteLength, 8_192);
  assert.deepEqual(bodyFields("PATCH", JSON_TYPE, bodyOf(8_192)), ["a"]);
  assert.equal(bodyFields("PATCH", JSON_TYPE, bodyOf(8_193)), undefined);
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
