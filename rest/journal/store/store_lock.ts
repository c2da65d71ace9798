import { JournalRefusal } from "../../domain/journal_store.ts";

const IS_EXCLUSIVE = true;

/**
 * Keeps every other process away from a journal for as long as this one lives:
 * the system lifts the lock when the process ends, however it ends. The file
 * itself stays, because removing it would let two processes in.
 */
export async function lockStore(path: string): Promise<Disposable> {
  const file = await Deno.open(`${path}.lock`, {
    create: true,
    write: true,
    mode: 0o600,
  });
  if (await file.tryLock(IS_EXCLUSIVE)) return file;
  file.close();
  throw new JournalRefusal(
    "locked",
    `The journal ${
      JSON.stringify(path)
    } is in use by another process: end that one, or name another file in REST_JOURNAL`,
  );
}
