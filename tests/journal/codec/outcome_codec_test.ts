import assert from "node:assert/strict";
import {
  Refusal,
  type RefusalCode,
  REFUSALS,
} from "../../../rest/domain/refusal.ts";
import {
  decodeOutcome,
  encodeOutcome,
  type StoredOutcome,
} from "../../../rest/journal/codec/outcome_codec.ts";
import { fc } from "../../deps.ts";

const answers: fc.Arbitrary<StoredOutcome> = fc.record({
  status: fc.integer({ min: 100, max: 599 }),
  headers: fc.array(fc.tuple(fc.string(), fc.string())),
  body: fc.option(
    fc.uint8Array({ maxLength: 40 }).map((value) => new Uint8Array(value)),
    { nil: undefined },
  ),
}, { noNullPrototype: true })
  .map((answer) => ({ kind: "answer", answer }));

Deno.test("any answer is the same after it was written down and read again", () => {
  fc.assert(fc.property(answers, (outcome) => {
    assert.deepEqual(decodeOutcome(encodeOutcome(outcome)).outcome, outcome);
  }));
});

Deno.test("every refusal says the same after it was written down, whether Discord got the request included", () => {
  const codes = Object.keys(REFUSALS) as RefusalCode[];
  for (const code of codes) {
    for (const sent of [false, true, null]) {
      const refusal = new Refusal(code, "Cannot do it", {
        sent,
        status: 418,
        retryAfterMs: 1_500,
      });
      const { outcome: read } = decodeOutcome(
        encodeOutcome({ kind: "refusal", refusal }),
      );
      assert.equal(read.kind, "refusal");
      if (read.kind !== "refusal") return;
      for (
        const member of [
          "code",
          "message",
          "sent",
          "status",
          "retryAfterMs",
        ] as const
      ) assert.equal(read.refusal[member], refusal[member]);
    }
  }
});

Deno.test("an answer without its body keeps its status", () => {
  const outcome = { kind: "shortened", status: 204 } as const;
  assert.deepEqual(decodeOutcome(encodeOutcome(outcome)).outcome, outcome);
});

Deno.test("an outcome of another make is refused, not guessed at", () => {
  for (const head of ['{"refusal":"nonsense","message":""}', "{}"]) {
    assert.throws(() => decodeOutcome({ head, body: undefined }), /damaged/);
  }
});
