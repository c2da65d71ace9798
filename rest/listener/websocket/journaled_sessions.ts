import type {
  EntryRef,
  ReplyRecord,
  RestoredReply,
  SessionRecord,
} from "../../domain/entry.ts";
import type { Journal } from "../../domain/journal.ts";
import type { KeptBodies } from "../../idempotency/kept_bodies.ts";
import type { RepLimits } from "../../rep/limits.ts";
import type { KeptReply, NewReply } from "../../rep/sessions/mailbox.ts";
import type { Session, SessionOwner } from "../../rep/sessions/session.ts";
import { SessionStore } from "../../rep/sessions/session_store.ts";

/** What sessions with a journal behind them are made with. */
export interface JournaledSessionsDeps {
  readonly limits: RepLimits;
  readonly bodies: KeptBodies;
  readonly journal: Journal;
  /** Replies up to `storedSeq` may be sent now. */
  readonly onStored: (session: Session) => void;
}

/** Sessions of which a journal is told everything that the next process needs. */
export class JournaledSessions extends SessionStore {
  readonly #deps: JournaledSessionsDeps;
  /** What the journal knows the requests of stored replies as. */
  readonly #entries = new WeakMap<KeptReply, EntryRef>();

  /** Numbers that the journal does not have yet, in their order. */
  readonly #unstored = new WeakMap<Session, Set<number>>();

  constructor(deps: JournaledSessionsDeps) {
    super(deps.limits, deps.bodies);
    this.#deps = deps;
  }

  override create(
    whose: SessionOwner,
    name: string,
    expiryMs: number,
  ): Session | undefined {
    const session = super.create(whose, name, expiryMs);
    if (session !== undefined) this.changed(session);
    return session;
  }

  override changed(session: Session): void {
    this.#deps.journal.sessionChanged(recordOf(session))?.catch(ignore);
  }

  override end(session: Session): void {
    const { journal } = this.#deps;
    for (const reply of session.mailbox) this.dropped(reply);
    super.end(session);
    journal.sessionEnded(recordOf(session));
  }

  override keep(
    session: Session,
    reply: NewReply,
    entry: EntryRef | undefined,
  ): KeptReply {
    const { journal, onStored } = this.#deps;
    const kept = super.keep(session, reply, entry);
    if (entry !== undefined) this.#entries.set(kept, entry);
    const committed = journal.replied(
      recordOf(session),
      replyRecordOf(kept),
      entry?.entryId,
    );
    const unstored = this.#unstored.get(session) ?? new Set();
    if (committed !== undefined) {
      this.#unstored.set(session, unstored.add(kept.seq));
      committed.then(() => {
        unstored.delete(kept.seq);
        session.storedSeq = storedOf(session, unstored);
        onStored(session);
      }, ignore);
    }
    session.storedSeq = storedOf(session, unstored);
    return kept;
  }

  /** A REPLY that was acknowledged here is no row any more either. */
  override restore(
    record: SessionRecord,
    replies: readonly RestoredReply[],
    nowMs: number,
  ): Session | undefined {
    const session = super.restore(record, replies, nowMs);
    if (session === undefined) return undefined;
    // It was new for a moment, without a number.
    this.changed(session);
    for (const { seq, entry } of replies) {
      if (entry === undefined) continue;
      const kept = session.mailbox.get(seq);
      if (kept !== undefined) this.#entries.set(kept, entry);
      // Acknowledged, and before one that is missing: nobody can ask for it.
      else if (seq <= record.ackedSeq) this.#deps.journal.gone(entry);
    }
    return session;
  }

  override acknowledge(session: Session, seq: number, nowMs: number): void {
    super.acknowledge(session, seq, nowMs);
    this.#deps.journal.acknowledged(recordOf(session));
  }

  protected override dropped(reply: KeptReply): void {
    super.dropped(reply);
    const entry = this.#entries.get(reply);
    if (entry !== undefined) this.#deps.journal.gone(entry);
  }
}

/** Up to where every number is stored. */
function storedOf({ mailbox }: Session, unstored: Set<number>): number {
  const [first] = unstored;
  return first === undefined ? mailbox.seq : first - 1;
}

function recordOf(session: Session): SessionRecord {
  const { owner, name, identityId, expiryMs, mailbox } = session;
  const { seq, ackedSeq } = mailbox;
  return { owner, name, identityId, expiryMs, seq, ackedSeq };
}

function replyRecordOf({ ackedAtMs: _, ...reply }: KeptReply): ReplyRecord {
  return reply;
}

/** A failing journal tells of itself. */
function ignore(): void {}
