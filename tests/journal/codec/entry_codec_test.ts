import assert from "node:assert/strict";
import type { Guarantee } from "../../../rest/domain/entry.ts";
import type { JournalRow } from "../../../rest/domain/journal_store.ts";
import {
  decodeEntry,
  encodeEntry,
  type StoredNonce,
} from "../../../rest/journal/codec/entry_codec.ts";
import { BOT, requestOf } from "../../dispatcher/_builders.ts";
import { fc } from "../../deps.ts";

const text = fc.option(fc.string(), { nil: undefined });

const frames = fc.record({
  session: text,
  reqKey: text,
  reqText: text,
  verb: fc.constantFrom("GET", "ACTION", "CREATE"),
  targetText: fc.string(),
  wantsHeaders: fc.boolean(),
}, { noNullPrototype: true });

const guarantees: fc.Arbitrary<Guarantee | undefined> = fc.option(
  fc.record({
    owner: fc.string(),
    idempotencyKey: text,
    asyncId: text,
    fingerprint: fc.string(),
    frame: fc.option(frames, { nil: undefined }),
  }, { noNullPrototype: true }),
  { nil: undefined },
);

const nonces: fc.Arbitrary<StoredNonce | undefined> = fc.option(
  fc.record(
    { added: fc.string(), sentWallMs: fc.nat() },
    { requiredKeys: [], noNullPrototype: true },
  ),
  { nil: undefined },
);

/** As a store keeps it. */
function stored(row: JournalRow): JournalRow {
  return { ...row, head: row.head, body: row.body?.slice() };
}

Deno.test("what was promised about a request, and by what Discord knows it, is the same after it was written and read", () => {
  fc.assert(fc.property(
    guarantees,
    nonces,
    (guarantee, nonce) => {
      const request = requestOf("POST", { text: '{"a":1}', identity: BOT });
      const entry = { entryId: "e-1", request, guarantee };
      const facts = { acceptedWallMs: 1_000, expiresWallMs: 9_000, nonce };
      const row = encodeEntry(entry, "queued", facts);
      const read = decodeEntry(stored(row), BOT);
      assert.deepEqual(read.guarantee, guarantee);
      assert.deepEqual(read.nonce, nonce);
      assert.deepEqual(read.request.body, request.body);
      assert.equal(read.acceptedWallMs, 1_000);
      assert.equal(read.expiresWallMs, 9_000);
    },
  ));
});

Deno.test("a request that is through is read without its body", () => {
  for (const path of ["/channels/1/messages", "/webhooks/1/token"]) {
    const request = requestOf("POST", { path, text: "{}", identity: BOT });
    const row = encodeEntry(
      { entryId: "e-1", request, guarantee: undefined },
      "ended",
      { acceptedWallMs: 0, expiresWallMs: 0 },
    );
    const read = decodeEntry({ ...row, body: undefined }, BOT);
    assert.equal(read.request.method, "POST");
  }
});

Deno.test("a row of a later form is refused, not guessed at", () => {
  const row = encodeEntry(
    {
      entryId: "e-1",
      request: requestOf("GET"),
      guarantee: undefined,
    },
    "queued",
    { acceptedWallMs: 0, expiresWallMs: 0 },
  );
  const head = row.head.replace('"v":1', '"v":9');
  assert.throws(() => decodeEntry({ ...row, head }, BOT), /form 9/);
});
