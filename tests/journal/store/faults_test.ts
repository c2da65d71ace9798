import assert from "node:assert/strict";
import { bodyOf } from "./_rows.ts";
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
if (!HAS_STRACE) {
  // Told once, so that a run without these tests is not taken for one with them.
  await Deno.stderr.write(
    new TextEncoder().encode(
      "strace is not installed or may not trace: tests of failing disks are passed over\n",
    ),
  );
}

/** A trace of a system call, with something done to it from the n-th on or at the n-th alone. */
function straced(call: string, fault: string): string[] {
  const inject = `inject=${call}:${fault}`;
  return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`]
    .concat("-e", inject);
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
      const through = straced(call, `signal=KILL:when=${when}`);
      const said = await append({ path, name: "p", rows: 24, through });
      await assertKept(path, [said]);
      const after = await append({ path, name: "q", rows: 8 });
      assert.ok(after.isDone);
      await assertKept(path, [said, after]);
      await removeBeside(path);
    },
  });
}

const FAULTS = [
  ["pwrite64", "ENOSPC", "60+9", "journal_full", "has no room left: free some"],
  ["pwrite64", "EIO", "60+9", "store_unreachable", "look after its disk"],
  ["fdatasync", "EIO", "12+9", "store_unreachable", "start the proxy again"],
  ["fdatasync", "ENOSPC", "12+9", "store_unreachable", "start the proxy again"],
] as const;

for (const [call, errno, when, code, words] of FAULTS) {
  Deno.test({
    name: `${errno} of ${call} refuses what it hits as ${code}, in words`,
    ignore: !HAS_STRACE,
    async fn() {
      const path = `${await Deno.makeTempDir()}/journal.db`;
      const first = await append({ path, name: "p", rows: 8 });
      const through = straced(call, `error=${errno}:when=${when}`);
      const options = { path, sync: "machine", name: "q", rows: 40 } as const;
      const said = await append({ ...options, through });
      const failed = said.lines.filter((line) => /^[a-z]+_[a-z]+ /.test(line));
      assert.ok(failed.length > 0, said.lines.at(-1));
      for (const line of failed) {
        assert.ok(line.startsWith(code) && line.includes(words), line);
      }
      const last = said.lines.findLastIndex((line) => line.startsWith("ok "));
      const goesOn = last > said.lines.indexOf(failed[0] ?? "");
      assert.equal(
        goesOn,
        call === "pwrite64",
        "a disk that lost a sync is not believed again",
      );
      await assertKept(path, [first, said]);
      await removeBeside(path);
    },
  });
}

Deno.test({
  name: "checkpoints that fail keep nobody from appending",
  ignore: !HAS_STRACE,
  async fn() {
    const path = `${await Deno.makeTempDir()}/journal.db`;
    const first = await append({ path, name: "p", rows: 8 });
    const through = straced("fsync", "error=EIO:when=4+");
    const said = await append({ path, name: "q", rows: 2_000, through });
    assert.ok(said.isDone);
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
    const through = straced("pwrite64", "error=EIO:when=3+");
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

async function hasStrace(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "run" });
  if (state !== "granted") return false;
  const traced = new Deno.Command("strace", {
    args: ["-qq", "-o", "/dev/null", "true"],
    stdout: "null",
    stderr: "null",
  });
  return await traced.output().then(({ success }) => success, () => false);
}

async function removeBeside(path: string): Promise<void> {
  await Deno.remove(path.slice(0, path.lastIndexOf("/")), { recursive: true });
}
