import {
  type JournalChange,
  JournalFailure,
  type JournalRow,
  type JournalStore,
} from "../../domain/journal_store.ts";
import { fenced, scopeOf } from "../../journal/store/store_change.ts";

/** What a scoped store is made of. */
export interface ScopedStoreOptions {
  /** Keeps rows by the scopes of the cluster. */
  readonly store: JournalStore;
  /** The scope that an identity is in. */
  readonly scopeOfIdentity: (identityId: string) => string;
  readonly isOwned: (scope: string) => boolean;
}

/** A journal whose scopes come and go while the process runs. */
export interface ScopedStore extends JournalStore {
  /** Takes over the writing to a scope of the cluster. */
  takeOver(scope: string): Promise<void>;
}

/** Stands between an identity and a row's id; no identity's id has a blank. */
const BETWEEN = " ";

/**
 * Keeps what a driver writes by identity under the scopes of the cluster. What
 * is not ours any more is not written: a promise rejects, and what only tidies
 * up is left to the new owner. `load` names a scope of the cluster; without one
 * it finds nothing, since at the start of a process nothing is its own.
 */
export function scopedStore(options: ScopedStoreOptions): ScopedStore {
  const { store, scopeOfIdentity, isOwned } = options;
  return {
    // A scope is taken over when it is gained, whatever identities are in it.
    claimEpoch: () => Promise.resolve(0),
    async takeOver(scope) {
      await store.claimEpoch(scope);
    },
    partOf: scopeOfIdentity,
    async append(changes) {
      const [first] = changes;
      if (first === undefined) return;
      const scope = scopeOfIdentity(scopeOf(first));
      try {
        if (!isOwned(scope)) throw fenced(scope);
        await store.append(changes.map((change) => movedTo(scope, change)));
      } catch (error) {
        const isFenced = error instanceof JournalFailure &&
          error.code === "fenced";
        if (!isFenced) throw error;
        if (changes.some(promises)) throw moved(scope);
      }
    },
    async *load(scope) {
      if (scope === undefined) return;
      // What waits goes on in the order of all identities together.
      let waiting: JournalRow[] | undefined = [];
      for await (const moved of store.load(scope)) {
        const row = movedBack(moved);
        if (waiting !== undefined && row.state !== "ended") {
          waiting.push(row);
          continue;
        }
        if (waiting !== undefined) yield* waiting.sort(byId);
        waiting = undefined;
        yield row;
      }
      if (waiting !== undefined) yield* waiting.sort(byId);
    },
    figures: () => store.figures(),
    close: () => store.close(),
  };
}

function moved(scope: string): JournalFailure {
  return new JournalFailure(
    "moved",
    `Another proxy sends for scope ${scope} now`,
  );
}

/** Whether somebody relies on it: a row that is accepted, or about to be sent. */
function promises(change: JournalChange): boolean {
  return change.kind === "put"
    ? change.row.kind !== "learnt"
    : change.kind === "mark" && change.state === "sent";
}

function movedTo(scope: string, change: JournalChange): JournalChange {
  if (change.kind === "put") {
    const { row } = change;
    const id = row.scope + BETWEEN + row.id;
    return { kind: "put", row: { ...row, scope, id } };
  }
  return { ...change, scope, id: change.scope + BETWEEN + change.id };
}

function byId(one: JournalRow, other: JournalRow): number {
  return one.id < other.id ? -1 : 1;
}

function movedBack(row: JournalRow): JournalRow {
  const at = row.id.indexOf(BETWEEN);
  const scope = row.id.slice(0, at);
  return { ...row, scope, id: row.id.slice(at + 1) };
}
