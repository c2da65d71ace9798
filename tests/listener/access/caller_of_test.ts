import assert from "node:assert/strict";
import { Refusal } from "../../../rest/domain/refusal.ts";
import { callerOf } from "../../../rest/listener/access/caller_of.ts";

const FROM_NET = "10.0.0.7";
const FROM_SOCKET = "unix";

Deno.test("a caller is named by its key and what it calls itself", () => {
  assert.equal(callerOf("main", "shard 3", FROM_NET), "main/shard 3");
});

Deno.test("a caller without a name is named by its key and address, without the port", () => {
  assert.equal(callerOf("main", null, FROM_NET), "main@10.0.0.7");
  assert.equal(callerOf("main", null, FROM_SOCKET), "main@unix");
});

Deno.test("no client can take the name of an address", () => {
  assert.notEqual(
    callerOf("main", "10.0.0.7", FROM_NET),
    callerOf("main", null, FROM_NET),
  );
});

Deno.test("a client's name has at most 64 printable ASCII characters", () => {
  assert.equal(callerOf("k", "x".repeat(63), FROM_NET).length, 65);
  assert.equal(callerOf("k", "x".repeat(64), FROM_NET).length, 66);
  for (const name of ["x".repeat(65), "", "caf\xe9", "a\tb", "a\x7f"]) {
    assert.throws(
      () => callerOf("k", name, FROM_NET),
      (error) =>
        error instanceof Refusal && error.code === "bad_request" &&
        error.message.startsWith(
          "Cannot read X-Rest-Client: 1 to 64 printable ASCII characters",
        ),
      name,
    );
  }
});
