import assert from "node:assert/strict";
import type {
  JournalChange,
  JournalRow,
} from "../../../rest/domain/journal_store.ts";
import { PendingChanges } from "../../../rest/journal/codec/pending_changes.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../../rest/journal/store/memory_store.ts";
import { fc } from "../../deps.ts";

const IDS = ["a", "b", "c"] as const;

function rowOf(id: string, head: string): JournalRow {
  return {
    id,
    scope: "bot:1",
    kind: "request",
    state: "queued",
    head,
    body: undefined,
    outcome: undefined,
    untilWallMs: undefined,
  };
}

const ids = fc.constantFrom(...IDS);
const changes: fc.Arbitrary<JournalChange> = fc.oneof(
  fc.tuple(ids, fc.string()).map(([id, head]) => ({
    kind: "put" as const,
    row: rowOf(id, head),
  })),
  fc.tuple(ids, fc.constantFrom("queued" as const, "sent" as const)).map(
    ([id, state]) => ({ kind: "mark" as const, scope: "bot:1", id, state }),
  ),
  ids.map((id) => ({
    kind: "end" as const,
    scope: "bot:1",
    id,
    outcome: { head: "{}", body: undefined },
    untilWallMs: 5_000,
  })),
  ids.map((id) => ({ kind: "delete" as const, scope: "bot:1", id })),
);

/** The rows that a store has after changes were made in batches. */
async function rowsAfter(
  batches: readonly (readonly JournalChange[])[],
): Promise<JournalRow[]> {
  const journal = new MemoryJournal();
  const store = createMemoryStore(journal, () => 0);
  await store.claimEpoch("bot:1");
  for (const batch of batches) await store.append(batch);
  return [...journal.rows.values()].sort((a, b) => a.id < b.id ? -1 : 1);
}

Deno.test("merged changes leave the rows that the single ones leave, whatever happens in a turn", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.array(changes, { maxLength: 6 }), { maxLength: 6 }),
    async (batches) => {
      const merged = batches.map((batch) => {
        const pending = new PendingChanges();
        for (const change of batch) pending.add(change);
        return pending.all;
      });
      assert.deepEqual(await rowsAfter(merged), await rowsAfter(batches));
      for (const batch of merged) assert.ok(batch.length <= IDS.length);
    },
  ));
});

Deno.test("a row that begins and ends in one turn is never written", () => {
  const pending = new PendingChanges();
  const row = rowOf("a", "{}");
  pending.add({ kind: "put", row }, { isNew: true });
  pending.add({ kind: "mark", scope: row.scope, id: row.id, state: "sent" });
  pending.add({ kind: "delete", scope: row.scope, id: row.id });
  assert.equal(pending.size, 0);
});
