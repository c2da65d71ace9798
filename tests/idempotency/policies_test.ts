import assert from "node:assert/strict";
import { type End, POLICIES } from "../../rest/idempotency/policies.ts";

const ENDS: ReadonlyArray<readonly [string, End]> = [
  ["200", { status: 200 }],
  ["204", { status: 204 }],
  ["400", { status: 400 }],
  ["429", { status: 429 }],
  ["500", { status: 500 }],
  ["not sent", { status: undefined, sent: false }],
  ["unknown", { status: undefined, sent: null }],
];

/** The ends that a policy keeps for those who come later. */
function keptBy(keeps: (end: End) => boolean): string[] {
  return ENDS.filter(([, end]) => keeps(end)).map(([name]) => name);
}

Deno.test("a POST whose caller left is kept where it was done, or may have been", () => {
  const { keeps } = POLICIES.write;
  assert.deepEqual(
    keptBy((end) => keeps(end, "POST")),
    ["200", "204", "unknown"],
  );
  for (const method of ["PUT", "PATCH", "DELETE"] as const) {
    assert.deepEqual(keptBy((end) => keeps(end, method)), []);
  }
});

Deno.test("a key keeps whatever end may have been one", () => {
  assert.deepEqual(
    keptBy((end) => POLICIES.key.keeps(end)),
    ["200", "204", "400", "500", "unknown"],
  );
});

Deno.test("ARCHITECTURE's table of policies says what the code's does", async () => {
  const text = await Deno.readTextFile(
    new URL("../../ARCHITECTURE.md", import.meta.url),
  );
  const rows = text.split("\n").map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  for (const [name, policy] of Object.entries(POLICIES)) {
    const row = rows.find(([first]) => first === `\`${name}\``);
    assert.ok(row !== undefined, name);
    const { match, handing } = policy;
    assert.deepEqual([row[2], row[3]], [match, handing], name);
    const kept = policy.keptMs === undefined
      ? "`REST_ADOPT_MS`"
      : policy.keptMs === 0
      ? "not at all"
      : `${policy.keptMs / 60_000} min`;
    assert.ok(row[5]?.startsWith(kept), `${name}: ${kept}, not ${row[5]}`);
  }
});
