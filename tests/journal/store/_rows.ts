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

/** A body that its row's id tells; one in eight is large enough to be a file. */
export function bodyOf(id: string): Uint8Array<ArrayBuffer> {
  const number = Number(id.split("-").at(-1));
  const bytes = number % 8 === 3 ? 270_000 + number : 100 + number;
  return new Uint8Array(bytes).fill(number);
}
