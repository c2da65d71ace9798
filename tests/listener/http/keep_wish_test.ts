import assert from "node:assert/strict";
import { Refusal } from "../../../rest/domain/refusal.ts";
import { keepWishOf } from "../../../rest/listener/http/keep_wish.ts";

for (const key of ["k", "3f2a-9", '"quoted key"', "x".repeat(255)]) {
  Deno.test(`I8: the Idempotency-Key ${key} of a write is taken`, () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const) {
      assert.deepEqual(keepWishOf(method, key, null), {
        idempotencyKey: key,
        isAsync: false,
      });
    }
  });
}

for (const key of ["", " ", "x".repeat(256), "ключ", "a\tb"]) {
  Deno.test(`I8: the Idempotency-Key ${JSON.stringify(key)} is refused`, () => {
    assert.throws(() => keepWishOf("POST", key, null), Refusal);
  });
}

Deno.test("I8: a read takes no key, for it may be repeated", () => {
  assert.equal(keepWishOf("GET", "k", null), undefined);
});

for (
  const prefer of [
    "respond-async",
    "wait=10, respond-async",
    "Respond-Async;x=1",
    "a,respond-async ,b",
  ]
) {
  Deno.test(`D4: Prefer: ${prefer} asks for an answer later`, () => {
    assert.deepEqual(keepWishOf("GET", null, prefer), {
      idempotencyKey: undefined,
      isAsync: true,
    });
  });
}

for (
  const prefer of [
    "wait=10",
    "respond-asynchronously",
    "x-respond-async",
    "return=minimal",
    "",
  ]
) {
  Deno.test(`D4: Prefer: ${prefer} does not`, () => {
    assert.equal(keepWishOf("POST", null, prefer), undefined);
  });
}
