import type {
  Entry,
  Outcome,
  ReplyRecord,
  SessionRecord,
} from "../domain/entry.ts";
import type { Committed, Journal } from "../domain/journal.ts";
import {
  type JournalFailure,
  type JournalStore,
  type RowOutcome,
} from "../domain/journal_store.ts";
import type { Clock } from "../domain/ports.ts";
import { encodeEntry } from "./codec/entry_codec.ts";
import { encodeOutcome } from "./codec/outcome_codec.ts";
import {
  factsOf,
  isKeptAtOnce,
  isNameKept,
  type Keeping,
  mayBeKept,
  storableOf,
} from "./keeping.ts";
import { type Kept, keptOf, keyOf } from "./kept.ts";
import { LOST, refusalOf } from "./journal_refusals.ts";
import { REPLY_KEPT_MS, SessionRows } from "./session_rows.ts";
import { type FoundJournal, VERDICT_KEPT_MS } from "./read_journal.ts";
import { JournalWriter } from "./writer.ts";

/** What a driver is made with. */
export interface DriverDeps {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly keeping: Keeping;
  /** The longest wait of all requests. */
  readonly maxWaitMs: number;
  /** Runs an action after this turn of the event loop. */
  readonly afterTurn: (action: () => void) => void;
  /** The store has begun to fail, or works again (undefined). */
  readonly onHealth: (failure: JournalFailure | undefined) => void;
}

/**
 * Nobody waits for a deletion, and one alone costs as much as a new row. Where
 * every write has a row, a deletion goes with the next of them, or after this
 * time: whatever is sent later is sent when it is made, so a kill before that is
 * as if it had come just before the answer.
 */
const DELETION_MS = 25;

/**
 * Stands a store behind the register: decides which changes of a request become
 * changes of rows, and tells when they are written.
 */
export class JournalDriver implements Journal {
  readonly #deps: DriverDeps;
  readonly #writer: JournalWriter;
  readonly #kept = new Map<string, Kept>();
  /** Writes in flight without a row: should their caller leave, they get one that says so. */
  readonly #flying = new Set<string>();
  readonly #sessions: SessionRows;
  #hasEnded = false;

  constructor(deps: DriverDeps) {
    this.#deps = deps;
    const { writes } = deps.keeping;
    const deletionMs = writes === "all" ? DELETION_MS : 0;
    this.#writer = new JournalWriter({ ...deps, deletionMs });
    this.#sessions = new SessionRows({
      writer: this.#writer,
      clock: deps.clock,
      isEncrypted: deps.keeping.isEncrypted,
    });
  }

  /** Whether it is found again after a restart. */
  keeps({ entryId }: Pick<Entry, "entryId">): boolean {
    return this.#kept.get(entryId)?.isNameOnly === false;
  }

  mayKeep(entry: Pick<Entry, "request" | "guarantee">): boolean {
    return isKeptAtOnce(entry, this.#deps.keeping);
  }

  accepted(entry: Entry): Committed {
    const { keeping } = this.#deps;
    if (isNameKept(entry, keeping)) {
      this.#put(entry, "queued", { isNameOnly: true });
      return undefined;
    }
    if (!isKeptAtOnce(entry, keeping)) return undefined;
    const kept = this.#put(entry, "queued");
    return kept.isPromised ? this.#acceptance(kept) : undefined;
  }

  detached(entry: Entry): Committed {
    const { entryId, request } = entry;
    if (this.#kept.has(entryId)) return undefined;
    if (!mayBeKept(request, this.#deps.keeping)) return undefined;
    const isFlying = this.#flying.delete(entryId) || entry.mayHaveRun;
    return this.#promise(this.#put(entry, isFlying ? "sent" : "queued"));
  }

  sent(entry: Entry): Committed {
    // Most requests of many bots, and none has a row.
    if (entry.request.method === "GET" && entry.guarantee === undefined) {
      return undefined;
    }
    const kept = this.#kept.get(entry.entryId);
    if (kept === undefined) {
      this.#noteFlying(entry);
      return undefined;
    }
    if (kept.scope !== entry.request.identity.id) return this.#move(entry);
    // It may have run, and its row says so already.
    if (kept.state === "sent") return undefined;
    kept.state = "sent";
    if (entry.nonce !== undefined && entry.attempts === 0) {
      this.#put(entry, "sent", kept);
    } else this.#mark(kept);
    return this.#promise(kept);
  }

  requeued({ entryId }: Entry): void {
    this.#flying.delete(entryId);
    const kept = this.#kept.get(entryId);
    if (kept === undefined || kept.state === "queued") return;
    kept.state = "queued";
    this.#mark(kept);
  }

  ended(
    { entryId, guarantee, print }: Entry,
    outcome: Outcome,
    keptMs: number,
  ): Committed {
    this.#flying.delete(entryId);
    const kept = this.#kept.get(entryId);
    // Its REPLY says more, and has a number that must not be given twice.
    const isReplied = guarantee?.frame !== undefined && kept?.state === "ended";
    if (kept === undefined || isReplied) return undefined;
    const storable = storableOf(outcome, kept, this.#deps.keeping);
    return this.#end(kept, encodeOutcome(storable, print), keptMs);
  }

  gone({ entryId }: Entry): void {
    this.#flying.delete(entryId);
    const kept = this.#kept.get(entryId);
    // What is left at the end of the process is for the next one.
    if (kept === undefined || (this.#hasEnded && kept.state !== "ended")) {
      return;
    }
    this.#kept.delete(entryId);
    // Nobody asks for it any more, but an operator may still look.
    if (kept.isListed) return;
    const { scope, id } = kept;
    this.#writer.note({ kind: "delete", scope, id });
  }

  sessionChanged(session: SessionRecord): Committed {
    return this.#sessions.changed(session);
  }

  sessionEnded(session: SessionRecord): void {
    this.#sessions.ended(session);
  }

  replied(
    session: SessionRecord,
    reply: ReplyRecord,
    entryId: string | undefined,
  ): Committed {
    const kept = entryId === undefined ? undefined : this.#kept.get(entryId);
    return kept === undefined
      ? this.#sessions.replied(session, reply)
      : this.#end(
        kept,
        this.#sessions.outcomeOf(reply, kept),
        REPLY_KEPT_MS,
      );
  }

  acknowledged(session: SessionRecord): void {
    this.#sessions.acknowledged(session);
  }

  /** Takes up the rows of the process before this one, and ends those that do not go on. */
  takeUp({ entries, replies }: FoundJournal): void {
    for (const found of entries) {
      const { entry, recovery, outcome } = found;
      const kept = keptOf(found);
      this.#kept.set(kept.id, kept);
      if (recovery === "kept" || outcome === undefined) continue;
      const written = encodeOutcome(outcome, entry.print);
      this.#end(kept, written, VERDICT_KEPT_MS);
    }
    this.#sessions.takeUp(replies);
  }

  get writer(): JournalWriter {
    return this.#writer;
  }

  /** Forgets what another proxy goes on with. */
  release(hasIdentity: (identityId: string) => boolean): void {
    for (const [entryId, { scope }] of this.#kept) {
      if (hasIdentity(scope)) this.#kept.delete(entryId);
    }
  }

  /** From now on what is not through is left for the next process. */
  leaveRest(): void {
    this.#hasEnded = true;
  }

  #put(
    entry: Entry,
    state: Kept["state"],
    { isNameOnly = false } = {},
  ): Kept {
    const { clock, maxWaitMs } = this.#deps;
    const { entryId, guarantee } = entry;
    const facts = factsOf(entry, state, { clock, maxWaitMs });
    const row = encodeEntry(entry, state, { ...facts, isNameOnly });
    const isNew = !this.#kept.has(entryId);
    const isPromised = guarantee !== undefined && !isNameOnly;
    const kept: Kept = {
      scope: row.scope,
      id: entryId,
      state,
      isPromised,
      isNameOnly,
      isRefused: false,
      isListed: false,
    };
    this.#kept.set(entryId, kept);
    this.#writer.note({ kind: "put", row }, { isNew });
    return kept;
  }

  /** Its token was replaced by one of another identity. */
  #move(entry: Entry): Committed {
    const kept = this.#kept.get(entry.entryId);
    if (kept !== undefined) {
      const { scope, id } = kept;
      this.#kept.delete(entry.entryId);
      this.#writer.note({ kind: "delete", scope, id });
    }
    return mayBeKept(entry.request, this.#deps.keeping)
      ? this.#promise(this.#put(entry, "sent"))
      : undefined;
  }

  #mark({ scope, id, state }: Kept): void {
    if (state !== "ended") {
      this.#writer.note({ kind: "mark", scope, id, state });
    }
  }

  #end(kept: Kept, outcome: RowOutcome, keptMs: number): Committed {
    const { scope, id } = kept;
    kept.state = "ended";
    const untilWallMs = this.#deps.clock.wallMs() + keptMs;
    this.#writer.note({ kind: "end", scope, id, outcome, untilWallMs });
    return this.#writer.eventually(keyOf(kept));
  }

  async #acceptance(kept: Kept): Promise<void> {
    try {
      await this.#promise(kept);
    } catch (error) {
      kept.isRefused = true;
      throw error;
    }
  }

  /** Where every write has a row, none needs one when its caller leaves. */
  #noteFlying({ entryId, request }: Entry): void {
    const { writes } = this.#deps.keeping;
    if (writes === "promised" && request.method !== "GET") {
      this.#flying.add(entryId);
    }
  }

  /** Settles when it is written. What nobody was promised goes on without a row where it cannot be. */
  async #promise(kept: Kept): Promise<void> {
    try {
      await this.#writer.written(keyOf(kept));
    } catch (error) {
      const failure = error as JournalFailure;
      if (!kept.isPromised && failure.code === "journal_full") {
        this.#kept.delete(kept.id);
        return;
      }
      throw refusalOf(failure);
    }
    if (kept.isRefused) throw refusalOf(this.#writer.failure ?? LOST);
  }
}
