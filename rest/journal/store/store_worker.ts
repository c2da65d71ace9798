/**
 * A thread of the journal's own, for whatever would keep the event loop waiting
 * for the disk: checkpoints of the database, and bodies that are files. It may
 * read and write these files only, and keeps that right when the process gives
 * up its own.
 */
import { DatabaseSync } from "./deps.ts";
import { pragma } from "./store_schema.ts";
import type { WorkerAnswer, WorkerCall } from "./worker_calls.ts";

/** Pages given back to the system at once, 2 MiB: appends wait 25 ms for it. */
const GIVEN_BACK_PAGES = 512;

/** Free pages that are kept, 16 MiB, since the next burst takes them again. */
const FREE_PAGES_MIN = 4_096;

/** The log's file is cut to this when it begins anew; between bursts it is shorter. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;

/** The thread's own end, which the types of the main thread do not know. */
const port = self as unknown as {
  onmessage: (event: MessageEvent<WorkerCall>) => void;
  postMessage(answer: WorkerAnswer, transfer: Transferable[]): void;
};

let database: DatabaseSync | undefined;
const files = new Map<string, Deno.FsFile>();

port.onmessage = ({ data: call }) => {
  answer(call).then(
    (bytes) =>
      port.postMessage(
        { id: call.id, bytes },
        bytes === undefined ? [] : [bytes.buffer],
      ),
    (error) => {
      const problem = error instanceof Error ? error.message : String(error);
      port.postMessage({ id: call.id, problem }, []);
    },
  );
};

async function answer(
  call: WorkerCall,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  switch (call.kind) {
    case "begun":
      return undefined;
    case "copy":
      return void databaseAt(call.path).prepare(
        "PRAGMA wal_checkpoint(PASSIVE)",
      ).get();
    case "restart":
      return restartLog(databaseAt(call.path));
    case "close":
      return void database?.close();
    case "begin": {
      const options = { createNew: true, write: true, mode: 0o600 };
      return void files.set(call.path, await Deno.open(call.path, options));
    }
    case "write":
      return await writeAll(fileAt(call.path), call.bytes);
    case "finish":
      return await finish(call.path);
    case "read":
      return await Deno.readFile(call.path).catch(ignoreMissing);
    case "remove":
      files.get(call.path)?.close();
      files.delete(call.path);
      return void await Deno.remove(call.path).catch(ignoreMissing);
  }
}

function databaseAt(path: string): DatabaseSync {
  if (database !== undefined) return database;
  database = new DatabaseSync(path);
  database.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_size_limit = ${LOG_BYTES_MAX};
    PRAGMA synchronous = NORMAL;
  `);
  return database;
}

/**
 * Copies what came meanwhile, so that the log begins anew, and writes its first
 * page: the main thread would have to sync the disk for that page.
 */
function restartLog(opened: DatabaseSync): undefined {
  opened.prepare("PRAGMA wal_checkpoint(RESTART)").get();
  const free = pragma(opened, "freelist_count");
  if (free > FREE_PAGES_MIN && free > pragma(opened, "page_count") / 2) {
    opened.prepare(`PRAGMA incremental_vacuum(${GIVEN_BACK_PAGES})`).all();
  }
  const id = pragma(opened, "application_id");
  opened.exec(`PRAGMA application_id = ${id}`);
}

function fileAt(path: string): Deno.FsFile {
  const file = files.get(path);
  if (file === undefined) throw new Error("no such file was begun");
  return file;
}

async function writeAll(
  file: Deno.FsFile,
  bytes: Uint8Array,
): Promise<undefined> {
  let written = 0;
  while (written < bytes.length) {
    written += await file.write(bytes.subarray(written));
  }
}

/** The file and its name survive whatever happens to the machine from now on. */
async function finish(path: string): Promise<undefined> {
  using file = fileAt(path);
  files.delete(path);
  await file.syncData();
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path.slice(0, path.lastIndexOf("/")));
  await folder.sync();
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
