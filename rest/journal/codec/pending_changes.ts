import type { JournalChange } from "../../domain/journal_store.ts";

/** Names the row of a change; neither part holds a zero. */
export function rowKeyOf(change: JournalChange): string {
  const { scope, id } = change.kind === "put" ? change.row : change;
  return `${scope}\0${id}`;
}

/**
 * Changes that are written together, one for each row: what happens to a row
 * before it is written is one change. So a request that is accepted and sent
 * in one turn is one row that is marked already, and one that is also answered
 * is none at all.
 */
export class PendingChanges {
  readonly #changes = new Map<string, JournalChange>();
  /** Rows that no store has seen. */
  readonly #new = new Set<string>();

  get size(): number {
    return this.#changes.size;
  }

  /** In the order in which the rows were first touched. */
  get all(): readonly JournalChange[] {
    return [...this.#changes.values()];
  }

  get(key: string): JournalChange | undefined {
    return this.#changes.get(key);
  }

  /** `isNew`: no store has a row of that name. */
  add(change: JournalChange, { isNew = false } = {}): void {
    const key = rowKeyOf(change);
    const earlier = this.#changes.get(key);
    if (isNew && earlier === undefined) this.#new.add(key);
    if (change.kind === "delete" && this.#new.delete(key)) {
      this.#changes.delete(key);
      return;
    }
    this.#changes.set(key, merged(earlier, change));
  }

  /** Takes back a change that is not to be made. */
  remove(key: string): void {
    this.#changes.delete(key);
    this.#new.delete(key);
  }
}

/** One change that does what two do. */
function merged(
  earlier: JournalChange | undefined,
  later: JournalChange,
): JournalChange {
  if (earlier?.kind === "put") {
    const { row } = earlier;
    if (later.kind === "mark") {
      return row.state === "ended"
        ? earlier
        : { kind: "put", row: { ...row, state: later.state } };
    }
    if (later.kind === "end") {
      const { outcome, untilWallMs } = later;
      const body = undefined;
      const ended = { state: "ended", body, outcome, untilWallMs } as const;
      return { kind: "put", row: { ...row, ...ended } };
    }
  }
  if (later.kind === "mark") {
    // A mark says nothing of what is over.
    return earlier?.kind === "end" || earlier?.kind === "delete"
      ? earlier
      : later;
  }
  return later.kind === "end" && earlier?.kind === "delete" ? earlier : later;
}
