import type {
  JournalRow,
  JournalStore,
} from "../../../rest/domain/journal_store.ts";

/** The scope of rows that do not say another one. */
export const SCOPE = "1000";

/** A queued request without a body, or what is said of it. */
export function rowOf(said: Partial<JournalRow> = {}): JournalRow {
  return {
    id: "a",
    scope: SCOPE,
    kind: "request",
    state: "queued",
    head: "{}",
    body: undefined,
    outcome: undefined,
    untilWallMs: undefined,
    ...said,
  };
}

/** Puts rows one by one. */
export async function putAll(
  store: JournalStore,
  ...rows: readonly JournalRow[]
): Promise<void> {
  for (const row of rows) await store.append([{ kind: "put", row }]);
}

export async function rowsOf(
  store: JournalStore,
  scope?: string,
): Promise<JournalRow[]> {
  return await Array.fromAsync(store.load(scope));
}

export async function idsOf(store: JournalStore): Promise<string[]> {
  return (await rowsOf(store)).map(({ id }) => id);
}
