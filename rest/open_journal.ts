import { journalKeyBytes } from "./config/journal_kinds.ts";
import type { Settings } from "./config/settings.ts";
import { sealedStore } from "./journal/store/sealed_store.ts";
import { openSqliteStore } from "./journal/store/open_sqlite_store.ts";
import type { OpenJournal } from "./journal_keeper.ts";

/** An open journal, and sentences on how it was found. */
export interface OpenedJournal extends OpenJournal {
  readonly notes: readonly string[];
}

const MIB = 1024 * 1024;

/**
 * Opens the journal that the settings name; undefined: there is none. Rejects
 * with `JournalRefusal`, whose message is a sentence for the operator. Needs to
 * read and write files, and to ask for the machine's uptime, until it settles.
 */
export async function openJournal(
  settings: Settings,
): Promise<OpenedJournal | undefined> {
  const { journalFile, journalSync, journalLimitMib, journalKey } = settings;
  if (journalFile === undefined) return undefined;
  const bootedAtWallMs = machineStartWallMs();
  const { store: plain, notes } = await openSqliteStore({
    path: journalFile,
    sync: journalSync,
    limitBytes: journalLimitMib * MIB,
    isReset: settings.isJournalReset,
    wallMs: Date.now,
    bootedAtWallMs,
  });
  const store = sealedStore(plain, journalKey && journalKeyBytes(journalKey));
  const isEncrypted = journalKey !== undefined;
  return { store, notes, isEncrypted, bootedAtWallMs };
}

const MS_PER_S = 1_000;

/** When the machine was started; undefined where the process may not ask. */
function machineStartWallMs(): number | undefined {
  try {
    return Date.now() - Deno.osUptime() * MS_PER_S;
  } catch {
    return undefined;
  }
}
