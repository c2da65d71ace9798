import {
  type JournalChange,
  JournalFailure,
  type JournalStore,
} from "../domain/journal_store.ts";
import type { Clock } from "../domain/ports.ts";
import {
  againOf,
  ALL_WELL,
  type Batch,
  hasMoved,
  isLarge,
  newBatch,
  partsOf,
  type Verdict,
  verdictOf,
} from "./batch.ts";
import { PendingChanges, rowKeyOf } from "./codec/pending_changes.ts";

/** What a writer is made with. */
export interface WriterDeps {
  readonly store: JournalStore;
  readonly clock: Clock;
  /** Runs an action after this turn of the event loop: whatever the turn brings is one batch. */
  readonly afterTurn: (action: () => void) => void;
  /** How long deletions wait for a change to be written with; 0: not at all. */
  readonly deletionMs: number;
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

/**
 * Writes changes in batches, one after the other: all of a turn of the event
 * loop together. What a failing store did not take is told to whoever waits for
 * it, and what must not be lost (ends and deletions) is tried again until it is
 * written.
 */
export class JournalWriter {
  readonly #deps: WriterDeps;
  readonly #claims = new Map<string, Promise<number>>();
  readonly #claimed = new Set<string>();
  #open = newBatch();
  #isDue = false;
  /** The batch before the open one, while it is written. */
  #writing: Promise<void> | undefined;
  /** The last changes of rows that are written by themselves, while they are. */
  readonly #apart = new Map<string, Promise<JournalFailure | undefined>>();
  #callOff: (() => void) | undefined;
  /** Calls off the look at deletions that have waited long enough. */
  #callOffLook: (() => void) | undefined;
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
      claim.then(
        () => this.#claimed.add(scope),
        () => this.#claims.delete(scope),
      );
    }
    return claim;
  }

  /** Notes a change; it is written after this turn, a deletion a little later. */
  note(change: JournalChange, options?: { readonly isNew: boolean }): void {
    const batch = this.#open;
    const isFirst = batch.changes.size === 0;
    batch.changes.add(change, options);
    if (change.kind !== "delete" || this.#deps.deletionMs === 0) {
      batch.isUrgent = true;
      this.#soon();
    } else if (isFirst && batch.changes.size > 0) this.#lookLater(batch);
  }

  /** Settles when what was noted of this row is written; rejects with `JournalFailure` where it was not. */
  async written(key: string): Promise<void> {
    const verdict = await this.#open.written.promise;
    const failure = await verdict.get(key);
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
        if (hasMoved(error) || clock.nowMs() >= untilMs) return;
      }
    }
  }

  /** Settles when what has been noted so far is written, whatever comes meanwhile (true), or could not be and is still to be. */
  async noted(): Promise<boolean> {
    await this.#writing;
    if (this.#open.changes.size > 0 && this.#callOff === undefined) {
      this.#soon();
      await this.#open.written.promise;
    }
    await Promise.all(this.#apart.values());
    return this.#callOff === undefined;
  }

  /** Settles when everything that was noted is written, or could not be. */
  async flush(): Promise<void> {
    while (await this.noted() && this.#open.changes.size > 0);
  }

  /** Looks when a batch is due that begins with a deletion. A look that is set already sets the next one. */
  #lookLater(batch: Batch): void {
    const { clock, deletionMs } = this.#deps;
    batch.dueMs = clock.nowMs() + deletionMs;
    this.#callOffLook ??= clock.wakeAt(batch.dueMs, () => this.#look());
  }

  #look(): void {
    this.#callOffLook = undefined;
    const { changes, dueMs } = this.#open;
    if (changes.size === 0) return;
    const { clock } = this.#deps;
    if (clock.nowMs() >= dueMs) this.#soon();
    else this.#callOffLook = clock.wakeAt(dueMs, () => this.#look());
  }

  #soon(): void {
    if (this.#isDue || this.#writing || this.#callOff !== undefined) return;
    this.#isDue = true;
    this.#deps.afterTurn(() => {
      this.#isDue = false;
      const batch = this.#open;
      this.#open = newBatch();
      this.#writing = this.#write(batch);
    });
  }

  async #write({ changes, written }: Batch): Promise<void> {
    const apart = new Map<string, Promise<JournalFailure | undefined>>();
    const together = changes.all.filter((change) => {
      const key = rowKeyOf(change);
      const isApart = isLarge(change) || this.#apart.has(key);
      if (isApart) apart.set(key, this.#writeApart(key, change));
      return !isApart;
    });
    const verdict = await this.#writeParts(together);
    this.#writing = undefined;
    written.resolve(
      apart.size === 0 ? verdict : new Map([...apart, ...verdict]),
    );
    if (this.#open.isUrgent) this.#soon();
  }

  /** What takes long, and whatever follows it about its row, holds up nothing else. */
  #writeApart(
    key: string,
    change: JournalChange,
  ): Promise<JournalFailure | undefined> {
    const writing = this.#writeAll([change]).then((verdict) => {
      if (this.#apart.get(key) === writing) this.#apart.delete(key);
      return verdict.get(key);
    });
    this.#apart.set(key, writing);
    return writing;
  }

  /** What fails in one part harms no other. */
  async #writeParts(changes: readonly JournalChange[]): Promise<Verdict> {
    const parts = partsOf(changes, this.#deps.store);
    const [only, second] = parts;
    if (only === undefined) return ALL_WELL;
    if (second === undefined) return await this.#writeAll(only);
    const made = parts.map((part) => this.#writeAll(part));
    return new Map(
      (await Promise.all(made)).flatMap((verdict) => [...verdict]),
    );
  }

  async #writeAll(changes: readonly JournalChange[]): Promise<Verdict> {
    const failure = await this.#append(changes);
    if (failure === undefined) return this.#well(ALL_WELL);
    if (hasMoved(failure)) return verdictOf(changes, failure);
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
        if (!this.#claimed.has(scope)) await this.claim(scope);
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
    this.#open = { ...this.#open, changes };
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
    this.#callOffLook?.();
    this.#callOffLook = undefined;
  }
}
