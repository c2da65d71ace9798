import assert from "node:assert/strict";
import {
  decodeReply,
  decodeSession,
  encodeReply,
  encodeSession,
  sessionRowId,
} from "../../../rest/journal/codec/session_codec.ts";
import { encodeOutcome } from "../../../rest/journal/codec/outcome_codec.ts";
import { fc } from "../../deps.ts";

const sessions = fc.record({
  owner: fc.string(),
  name: fc.stringMatching(/^[A-Za-z0-9._:-]{1,64}$/),
  identityId: fc.constantFrom("bot:1", "none"),
  expiryMs: fc.nat(),
  seq: fc.nat(),
  ackedSeq: fc.nat(),
}, { noNullPrototype: true });

const text = fc.option(fc.string(), { nil: undefined });

const replies = fc.record({
  seq: fc.nat(),
  reqKey: text,
  fingerprint: fc.string(),
  reqText: fc.string(),
  targetText: fc.string(),
  verb: fc.constantFrom("GET", "ACTION"),
  status: fc.integer({ min: 100, max: 599 }),
  headersText: text,
  bodyText: fc.option(fc.string({ unit: "grapheme" }), { nil: undefined }),
  atWallMs: fc.nat(),
}, { noNullPrototype: true });

Deno.test("any session is the same after it was written down and read again", () => {
  fc.assert(fc.property(sessions, (session) => {
    assert.deepEqual(decodeSession(encodeSession(session)), session);
  }));
});

Deno.test("any REPLY is the same after it was written down and read again, in whatever script", () => {
  fc.assert(fc.property(replies, (reply) => {
    assert.deepEqual(decodeReply(encodeReply(reply)), reply);
  }));
});

Deno.test("no two sessions share a row", () => {
  fc.assert(fc.property(sessions, sessions, (one, other) => {
    const isSame = one.owner === other.owner && one.name === other.name;
    assert.equal(sessionRowId(one) === sessionRowId(other), isSame);
  }));
});

Deno.test("an outcome that is no REPLY is not taken for one", () => {
  const outcome = encodeOutcome({ kind: "shortened", status: 200 });
  assert.equal(decodeReply(outcome), undefined);
});
