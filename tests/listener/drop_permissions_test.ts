import assert from "node:assert/strict";
import { dropPermissions } from "../../rest/listener/drop_permissions.ts";

/** What a test begins with; afterwards the runtime puts back what was there. */
const ALL = { read: true, write: true, sys: true } as const;

/** What is left of it. */
function granted(): string[] {
  return (["read", "write", "sys"] as const).filter((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );
}

const CASES = [
  {
    claim:
      "after the start nothing may be read, written or asked of the system",
    remaining: { isReadingAgain: false, hasSocket: false },
    left: [],
  },
  {
    claim: "reading stays where files are read again, and writing goes",
    remaining: { isReadingAgain: true, hasSocket: false },
    left: ["read"],
  },
  {
    claim: "a socket keeps what it takes to put it in its place once more",
    remaining: { isReadingAgain: false, hasSocket: true },
    left: ["read", "write", "sys"],
  },
];

for (const { claim, remaining, left } of CASES) {
  Deno.test({
    name: claim,
    permissions: ALL,
    fn() {
      dropPermissions(remaining);
      assert.deepEqual(granted(), left);
    },
  });
}
