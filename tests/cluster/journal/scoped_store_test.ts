/** What becomes of changes when one of several scopes is another proxy's by now. */
import assert from "node:assert/strict";
import { scopedStore } from "../../../rest/cluster/journal/scoped_store.ts";
import {
  JournalFailure,
  type JournalRow,
} from "../../../rest/domain/journal_store.ts";
import { rowKeyOf } from "../../../rest/journal/codec/pending_changes.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../../rest/journal/store/memory_store.ts";
import { JournalWriter } from "../../../rest/journal/writer.ts";
import { createManualClock } from "../../_manual_clock.ts";

function put(scope: string): { kind: "put"; row: JournalRow } {
  return {
    kind: "put",
    row: {
      id: "row",
      scope,
      kind: "request",
      state: "queued",
      head: "{}",
      body: undefined,
      outcome: undefined,
      untilWallMs: undefined,
    },
  };
}

/** A writer for two bots, each in a scope of its own name, of which some are ours. */
async function benchOf(owned: Set<string>) {
  const clock = createManualClock();
  const journal = new MemoryJournal();
  const memory = createMemoryStore(journal, clock.wallMs);
  const store = scopedStore({
    store: memory,
    scopeOfIdentity: (id) => id,
    isOwned: (scope) => owned.has(scope),
  });
  for (const scope of ["one", "other"]) await store.takeOver(scope);
  const health: (string | undefined)[] = [];
  const ends: (() => void)[] = [];
  const writer = new JournalWriter({
    store,
    clock,
    deletionMs: 25,
    afterTurn: (end) => void ends.push(end),
    onHealth: (failure) => void health.push(failure?.code),
  });
  return {
    writer,
    health,
    clock,
    endTurn: () => ends.splice(0).forEach((end) => end()),
    rows: () => [...journal.rows.values()].map(({ scope }) => scope),
  };
}

Deno.test("a row of a scope that another proxy has by now is told as moved, and those of other scopes in the same turn are written", async () => {
  const bench = await benchOf(new Set(["other"]));
  const [lost, kept] = [put("one"), put("other")];
  bench.writer.note(lost);
  bench.writer.note(kept);
  const ends = Promise.allSettled(
    [lost, kept].map((change) => bench.writer.written(rowKeyOf(change))),
  );
  bench.endTurn();
  const [first, second] = await ends;
  assert.ok(first?.status === "rejected");
  assert.ok(first.reason instanceof JournalFailure);
  assert.equal(first.reason.code, "moved");
  assert.equal(second?.status, "fulfilled");
  assert.deepEqual(bench.rows(), ["other"]);
});

Deno.test("what has moved is no fault of the store, and is not tried again", async () => {
  const bench = await benchOf(new Set());
  const lost = put("one");
  bench.writer.note(lost);
  const end = bench.writer.eventually(rowKeyOf(lost));
  bench.endTurn();
  await end;
  await bench.clock.advance(10_000);
  bench.endTurn();
  assert.deepEqual(bench.health, []);
  assert.deepEqual(bench.rows(), []);
  assert.equal(bench.writer.failure, undefined);
});
