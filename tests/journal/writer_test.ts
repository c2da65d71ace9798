import assert from "node:assert/strict";
import type {
  JournalChange,
  JournalRow,
  JournalStore,
} from "../../rest/domain/journal_store.ts";
import { JournalWriter } from "../../rest/journal/writer.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../rest/journal/store/memory_store.ts";
import { createManualClock } from "../_manual_clock.ts";

const SCOPE = "bot:1";
const SMALL = new Uint8Array(32 * 1024);
const LARGE = new Uint8Array(32 * 1024 + 1);

/** A writer over a store that takes large bodies when the test says so. */
async function writerBench() {
  const clock = createManualClock();
  const inner = createMemoryStore(new MemoryJournal(), clock.wallMs);
  let ends: (() => void)[] = [];
  const held: (() => void)[] = [];
  const batches: string[][] = [];
  const store: JournalStore = {
    ...inner,
    async append(changes) {
      batches.push(changes.map(nameOf));
      const isHeld = changes.some((change) =>
        change.kind === "put" && change.row.body === LARGE
      );
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
      await inner.append(changes);
    },
  };
  const writer = new JournalWriter({
    store,
    clock,
    afterTurn: (end) => void ends.push(end),
    deletionMs: 25,
    onHealth: () => {},
  });
  await writer.claim(SCOPE);
  return {
    clock,
    writer,
    batches,
    take: () => held.shift()?.(),
    async endTurn() {
      const due = ends;
      ends = [];
      for (const end of due) end();
      await clock.settle();
    },
    /** Whether it is written at the end of this turn. */
    async isWritten(id: string): Promise<boolean> {
      let isWritten = false;
      writer.written(`${SCOPE}\0${id}`).then(() => isWritten = true);
      await this.endTurn();
      return isWritten;
    },
  };
}

function nameOf(change: JournalChange): string {
  const { id } = change.kind === "put" ? change.row : change;
  return `${change.kind} ${id}`;
}

function put(id: string, body?: JournalRow["body"]): JournalChange {
  return {
    kind: "put",
    row: {
      id,
      scope: SCOPE,
      kind: "request",
      state: "queued",
      head: "{}",
      body,
      outcome: undefined,
      untilWallMs: undefined,
    },
  };
}

const gone = (id: string) => ({ kind: "delete", scope: SCOPE, id }) as const;

Deno.test("a deletion is written with the next change", async () => {
  const { writer, batches, endTurn } = await writerBench();
  writer.note(gone("a"));
  await endTurn();
  assert.deepEqual(batches, []);
  writer.note(put("b"));
  await endTurn();
  assert.deepEqual(batches, [["delete a", "put b"]]);
});

Deno.test("deletions that no change follows are written 25 ms after the first", async () => {
  const { clock, writer, batches, endTurn } = await writerBench();
  writer.note(gone("a"));
  writer.note(put("b"));
  await endTurn();
  await clock.advance(4);
  writer.note(gone("c"));
  await clock.advance(1);
  writer.note(gone("d"));
  await clock.advance(23.9);
  await endTurn();
  assert.deepEqual(batches, [["delete a", "put b"]]);
  await clock.advance(0.1);
  await endTurn();
  assert.deepEqual(batches.slice(1), [["delete c", "delete d"]]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("whoever waits for everything does not wait for 25 ms", async () => {
  const { clock, writer, batches, endTurn } = await writerBench();
  writer.note(gone("a"));
  const flushed = writer.flush();
  await clock.settle();
  await endTurn();
  await flushed;
  assert.deepEqual(batches, [["delete a"]]);
});

Deno.test("a body above 32 KiB holds up no other promise, at 32 KiB it is written with the others", async () => {
  const bench = await writerBench();
  bench.writer.note(put("small", SMALL));
  bench.writer.note(put("large", LARGE));
  bench.writer.note(put("other"));
  const large = bench.writer.written(`${SCOPE}\0large`);
  assert.ok(await bench.isWritten("other"));
  assert.deepEqual(bench.batches, [["put large"], ["put small", "put other"]]);
  bench.writer.note(put("later"));
  assert.ok(await bench.isWritten("later"));
  bench.take();
  await large;
});

Deno.test("what follows a large body about its row waits for it alone", async () => {
  const bench = await writerBench();
  bench.writer.note(put("large", LARGE));
  await bench.endTurn();
  bench.writer.note({ kind: "mark", scope: SCOPE, id: "large", state: "sent" });
  bench.writer.note(put("other"));
  const marked = bench.writer.written(`${SCOPE}\0large`);
  assert.ok(await bench.isWritten("other"));
  assert.deepEqual(bench.batches, [
    ["put large"],
    ["mark large"],
    ["put other"],
  ]);
  bench.take();
  await marked;
  await bench.writer.flush();
});

Deno.test("the end of the process waits for large bodies, too", async () => {
  const bench = await writerBench();
  bench.writer.note(put("large", LARGE));
  await bench.endTurn();
  let isFlushed = false;
  const flushed = bench.writer.flush().then(() => isFlushed = true);
  await bench.clock.settle();
  assert.ok(!isFlushed);
  bench.take();
  await flushed;
});
