import assert from "node:assert/strict";
import { refusalOf } from "../../../rest/journal/store/store_faults.ts";
import {
  JournalFailure,
  JournalRefusal,
  type JournalStore,
} from "../../../rest/domain/journal_store.ts";
import {
  openSqliteStore,
  type SqliteStoreOptions,
} from "../../../rest/journal/store/open_sqlite_store.ts";
import {
  checkSchema,
  migrate,
} from "../../../rest/journal/store/store_schema.ts";
import { dropPermissions } from "../../../rest/listener/drop_permissions.ts";
import { DatabaseSync } from "../../../rest/journal/store/deps.ts";
import { idsOf, putAll, rowOf, rowsOf, SCOPE } from "./_rows.ts";

const MIB = 1024 * 1024;
const WALL_MS = 1_790_000_000_000;
const UTF8 = new TextEncoder();

/** A folder with a journal in it, gone afterwards. */
interface Place extends AsyncDisposable {
  readonly path: string;
  open(options?: Partial<SqliteStoreOptions>): Promise<JournalStore>;
  notes: readonly string[];
}

async function makePlace(): Promise<Place> {
  const folder = await Deno.makeTempDir();
  const opened: JournalStore[] = [];
  const place: Place = {
    path: `${folder}/kept/journal.db`,
    notes: [],
    async open(options) {
      const { store, notes } = await openSqliteStore({
        path: place.path,
        sync: "process",
        limitBytes: 64 * MIB,
        isReset: false,
        wallMs: () => WALL_MS,
        ...options,
      });
      opened.push(store);
      place.notes = notes;
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
  return place;
}

/** Opens it, has something done, and closes it. */
async function fill(
  place: Place,
  act: (store: JournalStore) => Promise<void>,
): Promise<void> {
  const store = await place.open();
  await store.claimEpoch(SCOPE);
  await act(store);
  await store.close();
}

function refusalWith(fault: string, text: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof JournalRefusal && error.fault === fault &&
    error.message.includes(text);
}

function isFull(error: unknown): boolean {
  return error instanceof JournalFailure && error.code === "journal_full" &&
    error.message.includes("REST_JOURNAL_LIMIT_MIB");
}

Deno.test({
  name:
    "files of a journal are for their owner alone, and so is a folder that is made",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using place = await makePlace();
    const store = await place.open();
    await store.claimEpoch(SCOPE);
    await putAll(store, rowOf({ body: new Uint8Array(300 * 1024) }));
    const modes: Record<string, number> = {};
    for (const end of ["", "-wal", "-shm", ".lock", ".bodies"]) {
      const { mode } = await Deno.stat(place.path + end);
      modes[end] = (mode ?? 0) & 0o777;
    }
    for (const { name } of Deno.readDirSync(`${place.path}.bodies`)) {
      const { mode } = await Deno.stat(`${place.path}.bodies/${name}`);
      modes["body"] = (mode ?? 0) & 0o777;
    }
    const { mode } = await Deno.stat(place.path.replace(/\/[^/]*$/, ""));
    modes["folder"] = (mode ?? 0) & 0o777;
    const [own, ownFolder] = [0o600, 0o700];
    assert.deepEqual(modes, {
      "": own,
      "-wal": own,
      "-shm": own,
      ".lock": own,
      ".bodies": ownFolder,
      body: own,
      folder: ownFolder,
    });
  },
});

for (
  const [bytes, files] of [[256 * 1024, 0], [256 * 1024 + 1, 1]] as const
) {
  Deno.test(`a body of ${bytes} bytes is ${files} file, gone when its request has ended`, async () => {
    await using place = await makePlace();
    const body = new Uint8Array(bytes).fill(5);
    const count = () => [...Deno.readDirSync(`${place.path}.bodies`)].length;
    const store = await place.open();
    await store.claimEpoch(SCOPE);
    await putAll(store, rowOf({ body }));
    assert.equal(count(), files);
    assert.deepEqual(await rowsOf(store), [rowOf({ body })]);
    await store.append([{
      kind: "end",
      scope: SCOPE,
      id: "a",
      outcome: { head: "{}", body: undefined },
      untilWallMs: WALL_MS + 1,
    }]);
    await store.close();
    assert.equal(count(), 0);
  });
}

Deno.test("a file that no row names is removed at the start, and no other one", async () => {
  await using place = await makePlace();
  const body = new Uint8Array(300 * 1024).fill(5);
  await fill(place, (store) => putAll(store, rowOf({ body })));
  const folder = `${place.path}.bodies`;
  await Deno.writeTextFile(`${folder}/${crypto.randomUUID()}`, "left over");
  await Deno.writeTextFile(`${folder}/somebody's notes`, "not ours");
  const store = await place.open();
  assert.deepEqual(await rowsOf(store), [rowOf({ body })]);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.equal(names.length, 2);
  assert.ok(names.includes("somebody's notes"));
});

Deno.test("a journal that another store has is refused, and free when that one is closed", async () => {
  await using place = await makePlace();
  const store = await place.open();
  await assert.rejects(
    place.open(),
    refusalWith("locked", "in use by another process: end that one, or name"),
  );
  await store.close();
  await place.open();
});

Deno.test("a batch that a fenced scope is in is not made at all", async () => {
  await using place = await makePlace();
  const store = await place.open();
  await store.claimEpoch(SCOPE);
  const other = rowOf({ id: "b", scope: "2000" });
  await assert.rejects(
    store.append([
      { kind: "put", row: rowOf() },
      { kind: "put", row: other },
    ]),
    (error) => error instanceof JournalFailure && error.code === "fenced",
  );
  assert.deepEqual(await idsOf(store), []);
});

Deno.test("a full journal takes no new row, and rows in it end and are deleted all the same", async () => {
  await using place = await makePlace();
  const store = await place.open({ limitBytes: 8 * MIB });
  await store.claimEpoch(SCOPE);
  let rows = 0;
  const body = new Uint8Array(100 * 1024);
  const isMore = () =>
    putAll(store, rowOf({ id: `r${rows}`, body })).then(
      () => ++rows,
      (error) => assert.ok(isFull(error)),
    );
  while (await isMore() !== undefined);
  // Seven eighths of 8 MiB are some 71 rows.
  assert.ok(rows > 60 && rows < 72, `${rows} rows`);
  assert.ok(store.figures().bytes <= 7 * MIB);
  const outcome = { head: "{}", body: new Uint8Array(10 * 1024) };
  const untilWallMs = WALL_MS + 1;
  for (let at = 0; at < rows; at++) {
    const name = { scope: SCOPE, id: `r${at}` };
    await store.append([{ kind: "mark", ...name, state: "sent" }]);
    await store.append([{ kind: "end", ...name, outcome, untilWallMs }]);
    await store.append([{ kind: "delete", ...name }]);
  }
  assert.deepEqual(await idsOf(store), []);
  await putAll(store, rowOf({ body }));
  assert.deepEqual(await idsOf(store), ["a"]);
});

Deno.test("files of large bodies count towards the limit", async () => {
  await using place = await makePlace();
  const store = await place.open({ limitBytes: 8 * MIB });
  await store.claimEpoch(SCOPE);
  const body = new Uint8Array(4 * MIB);
  await putAll(store, rowOf({ body }));
  await assert.rejects(putAll(store, rowOf({ id: "b", body })), isFull);
});

Deno.test("a row with one flipped bit is damage: the start is refused, its bytes left as they are", async () => {
  await using place = await makePlace();
  const row = rowOf({ body: UTF8.encode("a body to look for") });
  await fill(place, (store) => putAll(store, row));
  await flipBit(place.path, "a body to look for");
  await assertRefused(place, 'row "a" is not as it was written');
});

Deno.test("a body's file with one flipped bit is damage", async () => {
  await using place = await makePlace();
  const body = UTF8.encode("x".repeat(300_000));
  await fill(place, (store) => putAll(store, rowOf({ body })));
  const [file] = [...Deno.readDirSync(`${place.path}.bodies`)];
  await flipBit(`${place.path}.bodies/${file?.name}`, "xxxx");
  await assertRefused(place, 'row "a" is not as it was written');
});

Deno.test("a file that is no database is damage, and so is a log whose database is gone", async () => {
  await using place = await makePlace();
  await fill(place, (store) => putAll(store, rowOf()));
  await Deno.writeTextFile(place.path, "x".repeat(20_000));
  await assertRefused(place, "file is not a database");
  await Deno.truncate(place.path);
  await Deno.writeTextFile(`${place.path}-wal`, "x".repeat(20_000));
  await assertRefused(place, "its log is there, and its database is empty");
});

async function flipBit(path: string, text: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  const at = new TextDecoder("latin1").decode(bytes).indexOf(text);
  assert.ok(at >= 0);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await Deno.writeFile(path, bytes);
}

/** Refused as damaged, and nothing was changed by that. */
async function assertRefused(place: Place, text: string): Promise<void> {
  const before = await Deno.readFile(place.path);
  await assert.rejects(place.open(), refusalWith("corrupt", text));
  await assert.rejects(
    place.open(),
    refusalWith("corrupt", "REST_JOURNAL_RESET=true"),
  );
  assert.deepEqual(await Deno.readFile(place.path), before);
}

Deno.test("a damaged journal is set aside where that is wanted, and an empty one takes its place", async () => {
  await using place = await makePlace();
  const row = rowOf({ body: UTF8.encode("a body to look for") });
  await fill(place, (store) => putAll(store, row));
  await flipBit(place.path, "a body to look for");
  const damaged = await Deno.readFile(place.path);
  const store = await place.open({ isReset: true });
  assert.deepEqual(await idsOf(store), []);
  const aside = `${place.path}.damaged-${WALL_MS}`;
  assert.deepEqual(await Deno.readFile(aside), damaged);
  assert.deepEqual(place.notes, [
    `The journal "${place.path}" was damaged: it is set aside as "${aside}", and nothing in it will be done`,
  ]);
});

Deno.test("a sound journal stays where a reset is allowed", async () => {
  await using place = await makePlace();
  await fill(place, (store) => putAll(store, rowOf()));
  const store = await place.open({ isReset: true });
  assert.deepEqual(await idsOf(store), ["a"]);
  assert.deepEqual(place.notes, []);
});

Deno.test("a database of another program is refused and left as it is", async () => {
  await using place = await makePlace();
  await fill(place, () => Promise.resolve());
  await Deno.remove(place.path);
  const database = new DatabaseSync(place.path);
  database.exec("CREATE TABLE theirs (x)");
  database.close();
  await assert.rejects(
    place.open({ isReset: true }),
    refusalWith("unusable", "is a database of another program: name another"),
  );
});

for (
  const said of [
    "Permission denied (os error 13): mkdir '/opt/sluice/journal'",
    "Read-only file system (os error 30): mkdir '/journal'",
    "attempt to write a readonly database",
  ]
) {
  Deno.test(`a journal that may not be written names the setting to change: ${said}`, () => {
    assert.equal(
      refusalOf(new Error(said), "/journal/sluice.db").message,
      `The journal "/journal/sluice.db" cannot be opened (${said}): let REST_JOURNAL name a file where the proxy may write`,
    );
  });
}

Deno.test("a journal of a later version is refused in words", async () => {
  await using place = await makePlace();
  await fill(place, (store) => putAll(store, rowOf()));
  const database = new DatabaseSync(place.path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  await assert.rejects(
    place.open({ isReset: true }),
    refusalWith("newer", "was made by a later Sluice (its format is 99"),
  );
});

Deno.test("a journal of an earlier version is brought up to date, its rows kept", () => {
  const database = new DatabaseSync(":memory:");
  migrate(database, ["CREATE TABLE things (id TEXT)"]);
  database.exec("INSERT INTO things VALUES ('a')");
  const steps = [
    "CREATE TABLE things (id TEXT)",
    "ALTER TABLE things ADD COLUMN size INTEGER",
    "UPDATE things SET size = 7",
  ];
  migrate(database, steps);
  const row = database.prepare("SELECT id, size FROM things").get();
  assert.deepEqual({ ...row }, { id: "a", size: 7 });
  checkSchema(database, "journal.db", steps);
  database.close();
});

Deno.test("a step to a new version that fails leaves the version of before", () => {
  const database = new DatabaseSync(":memory:");
  const first = "CREATE TABLE things (id TEXT)";
  migrate(database, [first]);
  const steps = [first, "ALTER TABLE things ADD COLUMN size", "no SQL"];
  assert.throws(() => migrate(database, steps), /syntax error/);
  checkSchema(database, "journal.db", [first]);
  const columns = database.prepare("PRAGMA table_info(things)").all();
  assert.equal(columns.length, 1);
  database.close();
});

Deno.test("a row that nobody can ask for any more is gone after the next start", async () => {
  await using place = await makePlace();
  await fill(place, (store) =>
    putAll(
      store,
      rowOf({ id: "a", untilWallMs: WALL_MS + 1 }),
      rowOf({ id: "b", untilWallMs: WALL_MS + 2 }),
    ));
  const store = await place.open({ wallMs: () => WALL_MS + 1 });
  assert.deepEqual(await idsOf(store), ["b"]);
  assert.equal(store.figures().rows, 1);
});

Deno.test("figures() counts rows, and bytes of their files", async () => {
  await using place = await makePlace();
  const store = await place.open();
  await store.claimEpoch(SCOPE);
  const empty = store.figures().bytes;
  await putAll(store, rowOf(), rowOf(), rowOf({ id: "b" }));
  assert.equal(store.figures().rows, 2);
  await putAll(store, rowOf({ body: new Uint8Array(MIB) }));
  assert.equal(store.figures().rows, 2);
  const { bytes } = store.figures();
  assert.ok(bytes >= empty + MIB && bytes < empty + 1.1 * MIB, `${bytes}`);
});

Deno.test("the log begins anew under load, and the database gives back what it needs no more", async () => {
  await using place = await makePlace();
  const store = await place.open({ limitBytes: 256 * MIB });
  await store.claimEpoch(SCOPE);
  const body = new Uint8Array(200 * 1024).fill(1);
  const putSome = (from: number) =>
    Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        putAll(store, rowOf({ id: `r${from + at}`, body }))),
    );
  for (let from = 0; from < 300; from += 50) await putSome(from);
  const { bytes: most } = store.figures();
  for (let at = 0; at < 300; at++) {
    await store.append([{ kind: "delete", scope: SCOPE, id: `r${at}` }]);
  }
  // They came and went: the same again takes their space.
  for (let times = 0; times < 15; times++) await putSome(0);
  // Twice as much as the log may hold went through it.
  const { log } = await sizes(place);
  assert.ok(log < 110 * MIB, `the log has ${log} bytes`);
  await store.close();
  const { database } = await sizes(place);
  assert.ok(database < most, `${database} bytes of ${most}`);
});

async function sizes(
  { path }: Place,
): Promise<{ log: number; database: number }> {
  const sizeOf = async (file: string) =>
    (await Deno.stat(file).catch(() => ({ size: 0 }))).size;
  return { log: await sizeOf(`${path}-wal`), database: await sizeOf(path) };
}

Deno.test("with sync machine appends that come together share a sync, and all last", async () => {
  await using place = await makePlace();
  const store = await place.open({ sync: "machine" });
  await store.claimEpoch(SCOPE);
  const ids = Array.from({ length: 200 }, (_, at) => `r${1_000 + at}`);
  await Promise.all(ids.map((id) => putAll(store, rowOf({ id }))));
  assert.deepEqual(await idsOf(store), ids);
});

Deno.test({
  name:
    "rows, bodies and checkpoints are written when the process has given its permissions back",
  permissions: { read: true, write: true, sys: true },
  async fn() {
    const folder = await Deno.makeTempDir();
    const { store } = await openSqliteStore({
      path: `${folder}/journal.db`,
      sync: "machine",
      limitBytes: 64 * MIB,
      isReset: false,
      wallMs: () => WALL_MS,
    });
    dropPermissions({ isReadingAgain: false, hasSocket: false });
    assert.throws(() => Deno.writeTextFileSync(`${folder}/x`, "x"));
    await store.claimEpoch(SCOPE);
    const body = new Uint8Array(300 * 1024).fill(9);
    const ids = Array.from({ length: 100 }, (_, at) => `r${100 + at}`);
    for (const id of ids) await putAll(store, rowOf({ id, body }));
    assert.deepEqual((await rowsOf(store)).map((row) => row.id), ids);
    for (const id of ids) {
      await store.append([{ kind: "delete", scope: SCOPE, id }]);
    }
    await store.close();
  },
});
