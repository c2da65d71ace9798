import assert from "node:assert/strict";
import { describeBug } from "../../rest/log/describe_bug.ts";

Deno.test("describeBug() tells name, code and place of an error, never its message", () => {
  const error = Object.assign(
    new TypeError("https://x/webhooks/1/SECRET\nmore SECRET"),
    {
      code: "ECONNRESET",
    },
  );
  const text = describeBug(error);
  assert.match(text, /^TypeError \(ECONNRESET\) at .*describe_bug_test\.ts/);
  assert.ok(!text.includes("SECRET"), text);
});

Deno.test("describeBug() names the type of what is no error", () => {
  assert.equal(describeBug("SECRET"), "a thrown string");
  assert.equal(describeBug(undefined), "a thrown undefined");
});
