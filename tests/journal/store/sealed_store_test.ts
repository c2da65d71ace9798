import assert from "node:assert/strict";
import {
  JournalRefusal,
  type JournalRow,
  type JournalStore,
} from "../../../rest/domain/journal_store.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../../rest/journal/store/memory_store.ts";
import { RowCipher } from "../../../rest/journal/store/row_cipher.ts";
import { sealedStore } from "../../../rest/journal/store/sealed_store.ts";
import { rowKey } from "../../../rest/journal/store/store_change.ts";
import { putAll, rowOf, rowsOf, SCOPE } from "./_rows.ts";

const KEY = new Uint8Array(32).fill(1);
const OTHER_KEY = new Uint8Array(32).fill(2);
const SECRET = "a text that nobody may read";
const UTF8 = new TextEncoder();

const SECRET_ROW = rowOf({
  state: "ended",
  head: JSON.stringify({ target: SECRET }),
  body: UTF8.encode(SECRET),
  outcome: { head: JSON.stringify(SECRET), body: UTF8.encode(SECRET) },
  untilWallMs: 2_000,
});

async function storeOver(
  journal: MemoryJournal,
  key: Uint8Array<ArrayBuffer> | undefined,
): Promise<JournalStore> {
  const store = sealedStore(createMemoryStore(journal, () => 1_000), key);
  await store.claimEpoch(SCOPE);
  return store;
}

/** The one row as it is kept. */
function keptRow(journal: MemoryJournal, id = "a"): JournalRow {
  const row = journal.rows.values().find((kept) => kept.id === id);
  assert.ok(row !== undefined);
  return row;
}

Deno.test("nothing that a row says can be read in the store below", async () => {
  const journal = new MemoryJournal();
  const store = await storeOver(journal, KEY);
  await putAll(store, SECRET_ROW);
  const { head, body, outcome } = keptRow(journal);
  const texts = [head, latin1(body), outcome?.head, latin1(outcome?.body)];
  for (const text of texts) {
    assert.ok(text !== undefined && !text.includes("nobody may read"));
  }
  assert.deepEqual(await rowsOf(store), [SECRET_ROW]);
});

function latin1(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder("latin1").decode(bytes);
}

Deno.test("two rows that say the same look different, in one process and in two", async () => {
  const heads = new Set<string>();
  for (const process of [1, 2]) {
    const journal = new MemoryJournal();
    const store = await storeOver(journal, KEY);
    await putAll(store, rowOf({ id: `a${process}` }), rowOf({ id: "b" }));
    for (const { head } of journal.rows.values()) heads.add(head);
  }
  assert.equal(heads.size, 4);
});

for (
  const [key, message] of [
    [
      OTHER_KEY,
      "The journal was encrypted with another key than that of REST_JOURNAL_KEY: set the one that it was written with, or move its file away",
    ],
    [
      undefined,
      "The journal is encrypted: set REST_JOURNAL_KEY to the key that it was written with, or move its file away",
    ],
  ] as const
) {
  Deno.test(`an encrypted journal is refused with ${key === undefined ? "no" : "another"} key`, async () => {
    const journal = new MemoryJournal();
    await putAll(await storeOver(journal, KEY), SECRET_ROW);
    const store = await storeOver(journal, key);
    await assert.rejects(
      rowsOf(store),
      (error) =>
        error instanceof JournalRefusal && error.fault === "key" &&
        error.message === message,
    );
  });
}

Deno.test("what was written before there was a key is read with one, and ends encrypted", async () => {
  const journal = new MemoryJournal();
  const row = rowOf({ body: UTF8.encode("plain") });
  await putAll(await storeOver(journal, undefined), row);
  const store = await storeOver(journal, KEY);
  assert.deepEqual(await rowsOf(store), [row]);
  const outcome = { head: "{}", body: UTF8.encode(SECRET) };
  const change = { kind: "end", scope: SCOPE, id: "a", untilWallMs: 2_000 };
  await store.append([{ ...change, kind: "end", outcome }]);
  assert.ok(!latin1(keptRow(journal).outcome?.body)?.includes(SECRET));
  assert.deepEqual((await rowsOf(store))[0]?.outcome, outcome);
});

Deno.test("an outcome whose head and body were sealed apart, as by earlier versions, is read", async () => {
  const journal = new MemoryJournal();
  const store = await storeOver(journal, KEY);
  await putAll(store, SECRET_ROW);
  const kept = keptRow(journal);
  const cipher = new RowCipher(KEY);
  const seal = (bytes: Uint8Array<ArrayBuffer>, column: string) =>
    cipher.sealNow(bytes, `${rowKey(kept)}\0${column}`);
  const head = UTF8.encode(SECRET_ROW.outcome?.head);
  const outcome = {
    head: `aes256gcm:${seal(head, "outcome head").toBase64()}`,
    body: seal(UTF8.encode(SECRET), "outcome body"),
  };
  const [key = ""] = journal.rows.keys();
  journal.rows.set(key, { ...kept, outcome });
  assert.deepEqual(await rowsOf(store), [SECRET_ROW]);
});

Deno.test("an outcome without a body has none afterwards, and an empty one stays an empty one", async () => {
  for (const body of [undefined, new Uint8Array()]) {
    const store = await storeOver(new MemoryJournal(), KEY);
    const row = { ...SECRET_ROW, outcome: { head: "{}", body } };
    await putAll(store, row);
    assert.deepEqual(await rowsOf(store), [row]);
  }
});

const MOVES: Record<string, (from: JournalRow, to: JournalRow) => JournalRow> =
  {
    "a head of another row": (from, to) => ({ ...to, head: from.head }),
    "a body of another row": (from, to) => ({ ...to, body: from.body }),
    "an outcome of another row": (from, to) => ({
      ...to,
      outcome: from.outcome,
    }),
    "an outcome's body as the request's": (_, to) => ({
      ...to,
      body: to.outcome?.body,
    }),
    "a body with one bit flipped": (_, to) => ({
      ...to,
      body: to.body?.map((byte, at) => at === 40 ? byte ^ 1 : byte),
    }),
  };

for (const [what, move] of Object.entries(MOVES)) {
  for (const bytes of [20, 100_000]) {
    Deno.test(`${what} does not open (${bytes} bytes)`, async () => {
      const journal = new MemoryJournal();
      const store = await storeOver(journal, KEY);
      const body = new Uint8Array(bytes).fill(3);
      const outcome = { head: "{}", body };
      const row = rowOf({ state: "ended", body, outcome });
      await putAll(store, row, { ...row, id: "b" });
      const moved = move(keptRow(journal), keptRow(journal, "b"));
      journal.rows.set([...journal.rows.keys()][1] ?? "", moved);
      await assert.rejects(rowsOf(store), JournalRefusal);
    });
  }
}

Deno.test("a row whose large body and small outcome both do not open is refused once, and nobody is left waiting", async () => {
  const journal = new MemoryJournal();
  const store = await storeOver(journal, KEY);
  const outcome = { head: "{}", body: new Uint8Array(20) };
  const body = new Uint8Array(100_000);
  await putAll(store, rowOf({ state: "ended", body, outcome }));
  const kept = keptRow(journal);
  const flipped = (bytes: typeof kept.body) =>
    bytes?.map((byte, at) => at === 40 ? byte ^ 1 : byte);
  const bad = {
    ...outcome,
    ...kept.outcome,
    body: flipped(kept.outcome?.body),
  };
  const key = [...journal.rows.keys()][0] ?? "";
  journal.rows.set(key, { ...kept, body: flipped(kept.body), outcome: bad });
  await assert.rejects(rowsOf(store), JournalRefusal);
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("a mark that follows a large body is made after it, and another row's overtakes", async () => {
  const journal = new MemoryJournal();
  const store = await storeOver(journal, KEY);
  const order: string[] = [];
  const note = (what: string) => () => void order.push(what);
  const large = rowOf({ body: new Uint8Array(1_000_000) });
  await Promise.all([
    store.append([{ kind: "put", row: large }]).then(note("large")),
    store.append([{ kind: "mark", scope: SCOPE, id: "a", state: "sent" }])
      .then(note("mark")),
    putAll(store, rowOf({ id: "b" })).then(note("small")),
  ]);
  assert.deepEqual(order, ["small", "large", "mark"]);
  assert.equal(keptRow(journal).state, "sent");
});
