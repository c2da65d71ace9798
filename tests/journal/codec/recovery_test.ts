import assert from "node:assert/strict";
import {
  mayHaveBeenSent,
  recoveryOf,
  type RowFacts,
} from "../../../rest/journal/codec/recovery.ts";
import { fc } from "../../deps.ts";

const FRESH: RowFacts = {
  state: "queued",
  isRepeatable: false,
  isRecognised: false,
  isExpired: false,
  isIdentityKnown: true,
  isNameOnly: false,
  mayLackMarks: false,
};

const anyFacts: fc.Arbitrary<RowFacts> = fc.record({
  state: fc.constantFrom("queued" as const, "sent" as const, "ended" as const),
  isRepeatable: fc.boolean(),
  isRecognised: fc.boolean(),
  isExpired: fc.boolean(),
  isIdentityKnown: fc.boolean(),
  isNameOnly: fc.boolean(),
  mayLackMarks: fc.boolean(),
});

Deno.test("what waited goes again, whatever its method", () => {
  assert.equal(recoveryOf(FRESH), "again");
  assert.equal(recoveryOf({ ...FRESH, isRepeatable: true }), "again");
});

Deno.test("what was sent goes again only where twice is once, or Discord would recognise it", () => {
  const sent = { ...FRESH, state: "sent" } as const;
  assert.equal(recoveryOf(sent), "unknown");
  assert.equal(recoveryOf({ ...sent, isRepeatable: true }), "again");
  assert.equal(recoveryOf({ ...sent, isRecognised: true }), "again");
});

Deno.test("after a restart of the machine what seems to wait counts as sent", () => {
  const rebooted = { ...FRESH, mayLackMarks: true };
  assert.equal(recoveryOf(rebooted), "unknown");
  assert.equal(recoveryOf({ ...rebooted, isRepeatable: true }), "again");
  assert.ok(mayHaveBeenSent(rebooted));
});

Deno.test("what waited too long, or for a bot that is gone, is refused and not sent", () => {
  assert.equal(recoveryOf({ ...FRESH, isExpired: true }), "expired");
  assert.equal(recoveryOf({ ...FRESH, isIdentityKnown: false }), "nobody");
});

Deno.test("whatever is known of a row: nothing that may have run goes again unless it may, and nothing ended is touched", () => {
  fc.assert(fc.property(anyFacts, (facts) => {
    const becomes = recoveryOf(facts);
    if (facts.state === "ended") {
      assert.equal(becomes, "kept");
      return;
    }
    const isSafe = !mayHaveBeenSent(facts) || facts.isRepeatable ||
      facts.isRecognised;
    if (!isSafe) assert.equal(becomes, "unknown");
    if (becomes === "again") {
      assert.ok(isSafe && facts.isIdentityKnown && !facts.isExpired);
    }
    if (becomes === "again") assert.ok(!facts.isNameOnly);
    if (becomes === "nobody" || becomes === "forgotten") {
      assert.ok(!mayHaveBeenSent(facts));
    }
  }));
});
