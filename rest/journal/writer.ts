import {
  type JournalChange,
  JournalFailure,
  type JournalStore,
} from "../domain/journal_store.ts";
import type { Clock } from "../domain/ports.ts";
import { PendingChanges, rowKeyOf } from "./codec/pending_changes.ts";

/** What a writer is made with. */
export interface WriterDeps {
  readonly store: JournalStore;
  readonly clock: Clock;
  /** Runs an action after this turn of the event loop: whatever the turn brings is one batch. */
  readonly afterTurn: (action: () => void) => void;
  /** The store has begun to fail, or works again (undefined). */
  readonly onHealth: (failure: JournalFailure | undefined) => void;
}

/** A store that fails is tried again this often. */
const AGAIN_MS = 250;

/** An answer waits so long for a store that fails; then it is handed out all the same. */
const PATIENCE_MS = 5_000;

/**
 * A full journal takes what is small now and then, and deletions always: it is
 * called full until it has refused nothing for so long.
 */
const FULL_MS = 10_000;

/** What became of the changes of one batch: failures by the keys of their rows. */
type Verdict = ReadonlyMap<string, JournalFailure>;

const ALL_WELL: Verdict = new Map();

interface Batch {
  readonly changes: PendingChanges;
  readonly written: PromiseWithResolvers<Verdict>;
}

/**
 * Writes changes in batches, one after the other: all of a turn of the event
 * loop together. What a failing store did not take is told to whoever waits for
 * it, and what must not be lost (ends and deletions) is tried again until it is
 * written.
 */
export class JournalWriter {
  readonly #deps: WriterDeps;
  readonly #claims = new Map<string, Promise<number>>();
  #open = newBatch();
  #isDue = false;
  #isWriting = false;
  #callOff: (() => void) | undefined;
  /** Calls off the word that it is full no more. */
  #stayFull: (() => void) | undefined;
  #failure: JournalFailure | undefined;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
  }

  /** Set while the store does not take changes. */
  get failure(): JournalFailure | undefined {
    return this.#failure;
  }

  /** Takes over the writing to a scope. Its epoch is larger than all before it. */
  claim(scope: string): Promise<number> {
    let claim = this.#claims.get(scope);
    if (claim === undefined) {
      claim = this.#deps.store.claimEpoch(scope);
      this.#claims.set(scope, claim);
      claim.catch(() => this.#claims.delete(scope));
    }
    return claim;
  }

  /** Notes a change; it is written after this turn. */
  note(change: JournalChange, options?: { readonly isNew: boolean }): void {
    this.#open.changes.add(change, options);
    this.#soon();
  }

  /** Settles when what was noted of this row is written; rejects with `JournalFailure` where it was not. */
  async written(key: string): Promise<void> {
    const verdict = await this.#open.written.promise;
    const failure = verdict.get(key);
    if (failure !== undefined) throw failure;
  }

  /** Settles when it is written, or when waiting for that helps nobody any more. */
  async eventually(key: string): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.nowMs() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.written(key);
      } catch (error) {
        const isMoved = error instanceof JournalFailure &&
          error.code === "moved";
        if (isMoved || clock.nowMs() >= untilMs) return;
      }
    }
  }

  /** Settles when what has been noted so far is written, or could not be, whatever comes meanwhile. */
  async noted(): Promise<void> {
    if (this.#open.changes.size === 0 || this.#callOff !== undefined) return;
    this.#soon();
    await this.#open.written.promise;
  }

  /** Settles when everything that was noted is written, or could not be. */
  async flush(): Promise<void> {
    while (this.#open.changes.size > 0 || this.#isWriting) {
      if (this.#callOff !== undefined) return;
      this.#soon();
      await this.#open.written.promise;
    }
  }

  #soon(): void {
    if (this.#isDue || this.#isWriting || this.#callOff !== undefined) return;
    this.#isDue = true;
    this.#deps.afterTurn(() => {
      this.#isDue = false;
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    const batch = this.#open;
    this.#open = newBatch();
    const { all } = batch.changes;
    const verdict = all.length === 0 ? ALL_WELL : await this.#writeParts(all);
    this.#isWriting = false;
    batch.written.resolve(verdict);
    if (this.#open.changes.size > 0) this.#soon();
  }

  /** What fails in one part harms no other. */
  async #writeParts(changes: readonly JournalChange[]): Promise<Verdict> {
    const { store } = this.#deps;
    if (store.partOf === undefined) return await this.#writeAll(changes);
    const parts = Map.groupBy(changes, (change) => {
      const { scope } = change.kind === "put" ? change.row : change;
      return store.partOf?.(scope);
    });
    const verdicts = await Promise.all(
      [...parts.values()].map((part) => this.#writeAll(part)),
    );
    return new Map(verdicts.flatMap((verdict) => [...verdict]));
  }

  async #writeAll(changes: readonly JournalChange[]): Promise<Verdict> {
    const failure = await this.#append(changes);
    if (failure === undefined) return this.#well(ALL_WELL);
    // Whoever has it now goes on with what is written there.
    if (failure.code === "moved") return verdictOf(changes, failure);
    if (failure.code !== "journal_full") {
      return this.#failed(changes, changes, failure);
    }
    // Rows may end and be deleted where no new one finds room.
    const isPut = ({ kind }: JournalChange) => kind === "put";
    const rest = changes.filter((change) => !isPut(change));
    const refused = verdictOf(changes.filter(isPut), failure);
    if (rest.length === 0) return this.#full(refused, failure);
    const second = await this.#append(rest);
    return second === undefined
      ? this.#full(refused, failure)
      : this.#failed(rest, changes, second);
  }

  async #append(
    changes: readonly JournalChange[],
  ): Promise<JournalFailure | undefined> {
    const { store } = this.#deps;
    try {
      for (const change of changes) {
        const { scope } = change.kind === "put" ? change.row : change;
        if (!this.#claims.has(scope)) await this.claim(scope);
      }
      await store.append(changes);
      return undefined;
    } catch (error) {
      if (error instanceof JournalFailure) return error;
      const name = error instanceof Error ? error.name : typeof error;
      return new JournalFailure(
        "store_unreachable",
        `The journal's store failed with ${name}`,
      );
    }
  }

  #well(verdict: Verdict): Verdict {
    const isFull = this.#stayFull !== undefined &&
      this.#failure?.code === "journal_full";
    if (!isFull) this.#tell(undefined);
    return verdict;
  }

  #full(verdict: Verdict, failure: JournalFailure): Verdict {
    this.#tell(failure);
    const { clock } = this.#deps;
    this.#stayFull?.();
    this.#stayFull = clock.wakeAt(clock.nowMs() + FULL_MS, () => {
      this.#stayFull = undefined;
      if (this.#failure?.code === "journal_full") this.#tell(undefined);
    });
    return verdict;
  }

  /** What must not be lost goes into the next batch, before what came meanwhile. */
  #failed(
    unwritten: readonly JournalChange[],
    all: readonly JournalChange[],
    failure: JournalFailure,
  ): Verdict {
    this.#tell(failure);
    const later = this.#open.changes.all;
    const changes = new PendingChanges();
    for (const change of unwritten) {
      const again = againOf(change);
      if (again !== undefined) changes.add(again);
    }
    for (const change of later) changes.add(change);
    this.#open = { changes, written: this.#open.written };
    const { clock } = this.#deps;
    this.#callOff ??= clock.wakeAt(clock.nowMs() + AGAIN_MS, () => {
      this.#callOff = undefined;
      if (this.#open.changes.size > 0) this.#soon();
    });
    return verdictOf(all, failure);
  }

  #tell(failure: JournalFailure | undefined): void {
    const isNew = failure?.code !== this.#failure?.code;
    this.#failure = failure;
    if (isNew) this.#deps.onHealth(failure);
  }

  /** Tries no more. */
  stop(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#stayFull?.();
    this.#stayFull = undefined;
  }
}

function newBatch(): Batch {
  return {
    changes: new PendingChanges(),
    written: Promise.withResolvers<Verdict>(),
  };
}

function verdictOf(
  changes: readonly JournalChange[],
  failure: JournalFailure,
): Verdict {
  return new Map(changes.map((change) => [rowKeyOf(change), failure]));
}

/**
 * What is left to do of a change that was perhaps not made. Whoever waited for
 * a new row or a mark was told that it failed, so both are taken back.
 */
function againOf(change: JournalChange): JournalChange | undefined {
  switch (change.kind) {
    case "put": {
      const { kind, scope, id, state } = change.row;
      if (kind === "learnt") return undefined;
      if (kind === "session" || state === "ended") return change;
      return { kind: "delete", scope, id };
    }
    case "mark":
      return { ...change, state: "queued" };
    default:
      return change;
  }
}
