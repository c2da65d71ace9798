import assert from "node:assert/strict";
import { bodyOf } from "./_rows.ts";
import { bodyFolderOf } from "../../../rest/journal/store/store_check.ts";
import { straceWords } from "../../../tools/chaos/strace.ts";
import { hasStrace } from "../../_strace.ts";
import { append, assertKept, type Said } from "./_appended.ts";

/** Lines after which the processes of one journal are killed, one after the other: anywhere in their lives. */
const KILLED_AFTER = [1, 7, 60, 150, 333, 500, 800, 1_100];

Deno.test("every change that was acknowledged survives signal 9, and none is there by half", async () => {
  const path = `${await Deno.makeTempDir()}/journal.db`;
  const said: Said[] = [];
  for (const killAfterLines of KILLED_AFTER) {
    const name = `p${killAfterLines}`;
    said.push(await append({ path, name, rows: 400, killAfterLines }));
    await assertKept(path, said);
  }
  assert.ok(said.some(({ isDone, lines }) => !isDone && lines.length > 0));
  await removeBeside(path);
});

const HAS_STRACE = await hasStrace();

/** Calls that are made on files whose names are known before; bodies have random ones. */
const ON_KNOWN_FILES = ["pwrite64", "fdatasync", "fsync", "ftruncate"];

function straced(path: string, call: string, what: string): string[] {
  const files = [path, `${path}-wal`, bodyFolderOf(path)];
  return straceWords({
    call,
    what,
    files: ON_KNOWN_FILES.includes(call) ? files : undefined,
  });
}

/** Writes of the database and its log, of bodies, syncs, and the removal of bodies. */
const KILLED_AT = [
  ...[1, 5, 12, 20, 33, 34, 35, 36, 60, 200].map((n) =>
    ["pwrite64", n] as const
  ),
  ["fdatasync", 2],
  ["fsync", 3],
  ["write", 30],
  ["unlink", 1],
  ["ftruncate", 2],
] as const;

for (const [call, when] of KILLED_AT) {
  Deno.test({
    name:
      `a process killed at its ${call} number ${when} loses nothing that it acknowledged`,
    ignore: !HAS_STRACE,
    async fn() {
      const path = `${await Deno.makeTempDir()}/journal.db`;
      const through = straced(path, call, `signal=KILL:when=${when}`);
      const said = await append({ path, name: "p", rows: 24, through });
      await assertKept(path, [said]);
      const after = await append({ path, name: "q", rows: 8 });
      assert.ok(after.isDone);
      await assertKept(path, [said, after]);
      await removeBeside(path);
    },
  });
}

const NO_ROOM =
  "The journal's disk has no room left: free some, nothing new is promised until then";
const NOT_KEPT =
  "The journal's disk failed to keep what was written: look after it, and start the proxy again";

const FAULTS = [
  ["pwrite64", "ENOSPC", "60+9", `journal_full`, NO_ROOM],
  [
    "pwrite64",
    "EIO",
    "60+9",
    "store_unreachable",
    "The journal could not be written (disk I/O error): look after its disk",
  ],
] as const;

for (const [call, errno, when, code, words] of FAULTS) {
  Deno.test({
    name:
      `${errno} of ${call} refuses what it hits as ${code}, and the next goes on`,
    ignore: !HAS_STRACE,
    async fn() {
      const said = await appendTo(call, `error=${errno}:when=${when}`);
      const failed = said.filter(isFailure);
      assert.ok(failed.length > 0, said.at(-1));
      for (const line of failed) {
        assert.match(line, new RegExp(`^${code} \\w+ \\S+ `));
        assert.ok(line.endsWith(words), line);
      }
      const lastOk = said.findLastIndex((line) => line.startsWith("ok "));
      assert.ok(lastOk > said.indexOf(failed[0] ?? ""));
    },
  });
}

for (const errno of ["EIO", "ENOSPC"]) {
  Deno.test({
    name: `a disk whose sync failed with ${errno} is not believed again`,
    ignore: !HAS_STRACE,
    async fn() {
      const said = await appendTo("fdatasync", `error=${errno}:when=9+`);
      const failed = said.filter((line) => line.endsWith(NOT_KEPT));
      assert.ok(failed.length > 0, said.at(-1));
      assert.ok(failed.every((line) => line.startsWith("store_unreachable ")));
      assert.ok(
        said.findLast((line) => !line.startsWith("try "))?.startsWith("done"),
      );
      const outcomes = said.filter((line) => !/^(?:try|done)/.test(line));
      assert.ok(isFailure(outcomes.at(-1) ?? ""), outcomes.at(-1));
    },
  });
}

/** Appends to a journal that has rows, under a fault; what was acknowledged is there afterwards. */
async function appendTo(
  call: string,
  what: string,
): Promise<readonly string[]> {
  const path = `${await Deno.makeTempDir()}/journal.db`;
  const through = straced(path, call, what);
  const first = await append({ path, name: "p", rows: 8 });
  const options = { path, sync: "machine", name: "q", rows: 40 } as const;
  const said = await append({ ...options, through });
  await assertKept(path, [first, said]);
  await removeBeside(path);
  return said.lines;
}

function isFailure(line: string): boolean {
  return /^(?:journal_full|store_unreachable) /.test(line);
}

Deno.test({
  name: "checkpoints that fail keep nobody from appending",
  ignore: !HAS_STRACE,
  async fn() {
    const path = `${await Deno.makeTempDir()}/journal.db`;
    const first = await append({ path, name: "p", rows: 8 });
    const through = straced(path, "fsync", "error=EIO:when=4+");
    const said = await append({ path, name: "q", rows: 2_000, through });
    assert.ok(said.isDone, said.lines.at(-1));
    const refused = said.lines.filter((line) => line.startsWith("store_"));
    // A body's file has to last before its row is written.
    const large = refused.filter(isLarge);
    assert.deepEqual(refused, large);
    await assertKept(path, [first, said]);
    await removeBeside(path);
  },
});

Deno.test({
  name:
    "a journal on a disk that fails at the start is refused in one sentence",
  ignore: !HAS_STRACE,
  async fn() {
    const path = `${await Deno.makeTempDir()}/journal.db`;
    const through = straced(path, "pwrite64", "error=EIO:when=3+");
    const { lines } = await append({ path, name: "p", rows: 8, through });
    assert.deepEqual(lines, [
      `refused The journal "${path}" cannot be opened (disk I/O error)`,
    ]);
    await removeBeside(path);
  },
});

function isLarge(line: string): boolean {
  return bodyOf(line.split(" ")[2] ?? "").length > 256 * 1024;
}

async function removeBeside(path: string): Promise<void> {
  await Deno.remove(path.slice(0, path.lastIndexOf("/")), { recursive: true });
}
