/** One flipped bit in the log of a journal whose process was killed. */
import assert from "node:assert/strict";
import { JournalRefusal } from "../../../rest/domain/journal_store.ts";
import { isLogDamaged } from "../../../rest/journal/store/log_damage.ts";
import { openSqliteStore } from "../../../rest/journal/store/open_sqlite_store.ts";
import { idsOf, putAll, rowOf, SCOPE } from "./_rows.ts";

const COUNT = 6;
const FRAME_BYTES = 4_096 + 24;

/** The journal that a killed process leaves: its rows are in the log. */
async function makeLeft() {
  const folder = await Deno.makeTempDir();
  const open = (path: string, bootedAtWallMs?: number) =>
    openSqliteStore({
      path,
      sync: "process",
      limitBytes: 64 * 1024 * 1024,
      isReset: false,
      wallMs: Date.now,
      bootedAtWallMs,
    });
  const path = `${folder}/journal.db`;
  const { store } = await open(path);
  await store.claimEpoch(SCOPE);
  for (let at = 0; at < COUNT; at++) {
    await putAll(store, rowOf({ id: `row-${at}`, head: `{"at":${at}}` }));
  }
  const log = await Deno.readFile(`${path}-wal`);
  const database = await Deno.readFile(path);
  await store.close();
  let copies = 0;
  return {
    log,
    /** Opens a copy of it with this log. */
    async openWith(changed: Uint8Array, bootedAtWallMs?: number) {
      const copy = `${folder}/copy${++copies}.db`;
      await Deno.writeFile(copy, database);
      await Deno.writeFile(`${copy}-wal`, changed);
      const { store } = await open(copy, bootedAtWallMs);
      const ids = await idsOf(store);
      await store.close();
      return ids;
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function flipped(log: Uint8Array<ArrayBuffer>, at: number) {
  const changed = log.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

Deno.test("a flipped bit before the log's last change is damage, wherever it is", async () => {
  await using left = await makeLeft();
  const { log } = left;
  assert.ok(!isLogDamaged(log));
  const lastAt = log.length - FRAME_BYTES;
  for (let at = 0; at < lastAt; at += 331) {
    assert.ok(isLogDamaged(flipped(log, at)), `byte ${at}`);
  }
});

Deno.test("a journal whose log is damaged is refused, and its bytes are left", async () => {
  await using left = await makeLeft();
  const changed = flipped(left.log, 32 + FRAME_BYTES * 2 + 100);
  await assert.rejects(
    left.openWith(changed, 0),
    (error) =>
      error instanceof JournalRefusal && error.fault === "corrupt" &&
      error.message.includes("its log is not as it was written"),
  );
});

Deno.test("what a killed process leaves behind its last change is no damage", async () => {
  await using left = await makeLeft();
  const { log } = left;
  const all = Array.from({ length: COUNT }, (_, at) => `row-${at}`);
  const uncommitted = log.slice(32, 32 + FRAME_BYTES);
  new DataView(uncommitted.buffer).setUint32(4, 0);
  const rests = {
    "a torn frame": log.slice(32, 32 + 1_000),
    "frames of a change that was never whole": uncommitted,
    "frames of an older log": new Uint8Array(FRAME_BYTES * 3).fill(7),
  };
  for (const [name, rest] of Object.entries(rests)) {
    const longer = new Uint8Array([...log, ...rest]);
    assert.ok(!isLogDamaged(longer), name);
    assert.deepEqual(await left.openWith(longer, 0), all, name);
  }
  for (const length of [0, 20, 32]) {
    assert.ok(!isLogDamaged(log.slice(0, length)));
  }
});

Deno.test("after a start of the machine a log that breaks off is taken as far as it goes, and begins anew", async () => {
  await using left = await makeLeft();
  const changed = flipped(left.log, 32 + FRAME_BYTES * 2 + 100);
  const ids = await left.openWith(changed, Date.now() + 60_000);
  assert.ok(ids.length < COUNT);
});
