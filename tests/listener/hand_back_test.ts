import assert from "node:assert/strict";
import { handBackPermissions } from "../../rest/listener/hand_back.ts";

/** What a test begins with; afterwards the runtime puts back what was there. */
const ALL = { read: true, write: true, sys: true } as const;

function stateOf(name: keyof typeof ALL): string {
  return Deno.permissions.querySync({ name }).state;
}

Deno.test({
  name: "after the start nothing may be read, written or asked of the system",
  permissions: ALL,
  fn() {
    handBackPermissions({ isReadingAgain: false });
    for (const name of ["read", "write", "sys"] as const) {
      assert.notEqual(stateOf(name), "granted", name);
    }
  },
});

Deno.test({
  name: "reading stays where files are read again, and writing goes",
  permissions: ALL,
  fn() {
    handBackPermissions({ isReadingAgain: true });
    assert.equal(stateOf("read"), "granted");
    assert.notEqual(stateOf("write"), "granted");
    assert.notEqual(stateOf("sys"), "granted");
  },
});
