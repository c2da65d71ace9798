import type {
  EntryRef,
  RestoredReply,
  SessionRecord,
} from "../../domain/entry.ts";
import type { KeptBodies } from "../../idempotency/kept_bodies.ts";
import type { RepLimits } from "../limits.ts";
import type { KeptReply, NewReply } from "./mailbox.ts";
import { newSession, type Session, type SessionOwner } from "./session.ts";

/** Most acknowledged replies that are remembered, as a multiple of the mailbox: 60 s at 1,600 a second. */
const REMEMBERED_FACTOR = 10;

/**
 * Stores sessions in memory: they end with the process. The part of a session
 * that must survive changes only through these methods, so that one that
 * inherits from it can tell a journal.
 */
export class SessionStore {
  readonly #limits: RepLimits;
  readonly #bodies: KeptBodies;
  readonly #byOwner = new Map<string, Map<string, Session>>();
  #size = 0;

  /** `bodies` bounds those of all sessions, together with whatever else is kept. */
  constructor(limits: RepLimits, bodies: KeptBodies) {
    this.#limits = limits;
    this.#bodies = bodies;
  }

  get size(): number {
    return this.#size;
  }

  find(owner: string, name: string): Session | undefined {
    return this.#byOwner.get(owner)?.get(name);
  }

  /** Opens a session; undefined if the owner has too many, or all owners together have. */
  create(
    whose: SessionOwner,
    name: string,
    expiryMs: number,
  ): Session | undefined {
    const { owner } = whose;
    const sessions = this.#byOwner.get(owner) ?? new Map<string, Session>();
    const { sessionsPerKey, sessions: max } = this.#limits;
    if (sessions.size >= sessionsPerKey || this.#size >= max) return undefined;
    const session = newSession(whose, name, expiryMs);
    sessions.set(name, session);
    this.#byOwner.set(owner, sessions);
    this.#size++;
    return session;
  }

  /** Ends the session and deletes everything of it. */
  end(session: Session): void {
    this.release(session);
  }

  /** Forgets the session without a word: another process has it. */
  release(session: Session): void {
    const sessions = this.#byOwner.get(session.owner);
    if (sessions?.get(session.name) !== session) return;
    sessions.delete(session.name);
    if (sessions.size === 0) this.#byOwner.delete(session.owner);
    this.#size--;
    for (const reply of session.mailbox) this.#bodies.release(reply);
    session.hasEnded = true;
  }

  /** Its expiry is another one. */
  changed(_session: Session): void {}

  /** Numbers a reply and stores it in the mailbox, within its bounds (B3, B9). `entry` is its request, where a journal knows that. */
  keep(
    session: Session,
    reply: NewReply,
    _entry: EntryRef | undefined,
  ): KeptReply {
    const kept = session.mailbox.add(reply);
    session.storedSeq = kept.seq;
    this.#hold(session, kept);
    this.shrink(session);
    return kept;
  }

  /** Takes over a session of another process, with its replies in order; undefined as with `create`. */
  restore(
    { owner, identityId, name, expiryMs, seq, ackedSeq }: SessionRecord,
    replies: readonly RestoredReply[],
    nowMs: number,
  ): Session | undefined {
    const session = this.create({ owner, identityId }, name, expiryMs);
    if (session === undefined) return undefined;
    const { mailbox } = session;
    session.absentSinceMs = nowMs;
    for (const kept of mailbox.restore(replies, seq, ackedSeq, nowMs)) {
      this.#hold(session, kept);
    }
    session.storedSeq = mailbox.seq;
    return session;
  }

  /** A reply is remembered no more. */
  protected dropped(reply: KeptReply): void {
    this.#bodies.release(reply);
  }

  #hold({ mailbox, known }: Session, kept: KeptReply): void {
    const { reqKey, fingerprint } = kept;
    // What another process wrote down without its request is known by its number alone.
    if (reqKey !== undefined && fingerprint !== "") known.set(reqKey, kept);
    const bytes = kept.bodyText?.length ?? 0;
    this.#bodies.hold(kept, bytes, () => mailbox.dropBody(kept));
  }

  acknowledge(session: Session, seq: number, nowMs: number): void {
    session.mailbox.acknowledge(seq, nowMs);
    this.prune(session, nowMs);
  }

  /** Drops bodies until the mailbox is within its bounds; unacknowledged ones only without a connection (B9). */
  shrink(session: Session): void {
    const { mailbox } = session;
    const { mailboxBytes, mailboxReplies } = this.#limits;
    let hasBody = true;
    while (mailbox.bytes > mailboxBytes && hasBody) {
      hasBody = this.#drop(mailbox, mailbox.ackedSeq);
    }
    // A connected client acknowledges or is refused; bodies are dropped only for one that is not connected.
    hasBody = session.connectionId === undefined;
    while (
      hasBody && (mailbox.unackedBytes > mailboxBytes ||
        mailbox.unackedBodies > mailboxReplies)
    ) hasBody = this.#drop(mailbox, mailbox.seq);
  }

  /** Forgets replies and requests that were acknowledged long enough ago (I5). */
  prune(session: Session, nowMs: number): void {
    const { mailbox, known } = session;
    const untilMs = nowMs - this.#limits.rememberAckedMs;
    const max = this.#limits.mailboxReplies * REMEMBERED_FACTOR;
    for (;;) {
      const acked = mailbox.size - mailbox.unacked;
      const oldest = mailbox.peekAckedBefore(acked > max ? nowMs : untilMs);
      if (oldest === undefined) break;
      if (oldest.reqKey !== undefined) known.free(oldest.reqKey, oldest);
      mailbox.shift();
      this.dropped(oldest);
    }
  }

  *all(): Iterable<Session> {
    for (const sessions of this.#byOwner.values()) yield* sessions.values();
  }

  #drop(mailbox: Session["mailbox"], upToSeq: number): boolean {
    const dropped = mailbox.dropBodyUpTo(upToSeq);
    if (dropped === undefined) return false;
    this.#bodies.release(dropped);
    return true;
  }
}
