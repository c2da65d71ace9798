import type {
  EntryRef,
  ReplyRecord,
  SessionRecord,
} from "../../domain/entry.ts";
import type { KeptBodies } from "../../idempotency/kept_bodies.ts";
import type { RepLimits } from "../limits.ts";
import type { KeptReply, NewReply } from "./mailbox.ts";
import {
  type KnownRequest,
  newSession,
  type Session,
  type SessionOwner,
} from "./session.ts";

/**
 * Stores sessions. The part of a session that must survive changes only through
 * these methods, so that a persistent store can replace the one in memory.
 */
export interface SessionStore {
  /** Bytes of all stored replies. */
  readonly bytes: number;
  readonly size: number;
  find(owner: string, name: string): Session | undefined;
  /** Opens a session; undefined if the owner has too many, or all owners together have. */
  create(
    owner: SessionOwner,
    name: string,
    expiryMs: number,
  ): Session | undefined;
  /** Forgets the session without a word: another process has it. */
  release(session: Session): void;
  /** Ends the session and deletes everything of it. */
  end(session: Session): void;
  /** Remembers an accepted request by its key. */
  remember(session: Session, reqKey: string, known: KnownRequest): void;
  /** Forgets a request that was refused before it was accepted: its `req` may be used again. */
  forget(session: Session, reqKey: string): void;
  /** Its expiry is another one. */
  changed(session: Session): void;
  /** Numbers a reply and stores it in the mailbox, within its bounds (B3, B9). `entry` is its request, where a journal knows that. */
  keep(
    session: Session,
    reply: NewReply,
    entry: EntryRef | undefined,
  ): KeptReply;
  /** Takes over a session of another process, with its replies in order; undefined as with `create`. */
  restore(
    record: SessionRecord,
    replies: readonly ReplyRecord[],
    nowMs: number,
  ): Session | undefined;
  acknowledge(session: Session, seq: number, nowMs: number): void;
  /** Drops bodies until the mailbox is within its bounds; unacknowledged ones only without a connection (B9). */
  shrink(session: Session): void;
  /** Forgets replies and requests that were acknowledged long enough ago (I5). */
  prune(session: Session, nowMs: number): void;
  all(): Iterable<Session>;
}

/** Most acknowledged replies that are remembered, as a multiple of the mailbox: 60 s at 1,600 a second. */
const REMEMBERED_FACTOR = 10;

/** Stores sessions in memory: they end with the process. */
export class MemorySessionStore implements SessionStore {
  readonly #limits: RepLimits;
  readonly #bodies: KeptBodies;
  readonly #byOwner = new Map<string, Map<string, Session>>();
  #bytes = 0;
  #size = 0;

  /** `bodies` bounds those of all sessions, together with whatever else is kept. */
  constructor(limits: RepLimits, bodies: KeptBodies) {
    this.#limits = limits;
    this.#bodies = bodies;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#size;
  }

  find(owner: string, name: string): Session | undefined {
    return this.#byOwner.get(owner)?.get(name);
  }

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

  end(session: Session): void {
    this.release(session);
  }

  release(session: Session): void {
    const sessions = this.#byOwner.get(session.owner);
    if (sessions?.get(session.name) !== session) return;
    sessions.delete(session.name);
    if (sessions.size === 0) this.#byOwner.delete(session.owner);
    this.#size--;
    this.#bytes -= session.mailbox.bytes;
    for (const reply of session.mailbox) this.#bodies.release(reply);
    session.hasEnded = true;
  }

  remember(session: Session, reqKey: string, known: KnownRequest): void {
    session.known.set(reqKey, known);
  }

  forget({ known }: Session, reqKey: string): void {
    const request = known.get(reqKey);
    if (request !== undefined) known.free(reqKey, request);
  }

  changed(_session: Session): void {}

  keep(
    session: Session,
    reply: NewReply,
    _entry: EntryRef | undefined,
  ): KeptReply {
    const { mailbox } = session;
    const before = mailbox.bytes;
    const kept = mailbox.add(reply);
    session.storedSeq = kept.seq;
    const known = reply.reqKey === undefined
      ? undefined
      : session.known.get(reply.reqKey);
    if (known !== undefined) {
      known.submissionId = undefined;
      known.seq = kept.seq;
    }
    this.#bytes += mailbox.bytes - before;
    this.#hold(mailbox, kept);
    this.shrink(session);
    return kept;
  }

  restore(
    { owner, identityId, name, expiryMs, seq, ackedSeq }: SessionRecord,
    replies: readonly ReplyRecord[],
    nowMs: number,
  ): Session | undefined {
    const session = this.create({ owner, identityId }, name, expiryMs);
    if (session === undefined) return undefined;
    const { mailbox, known } = session;
    session.absentSinceMs = nowMs;
    for (const kept of mailbox.restore(replies, seq, ackedSeq, nowMs)) {
      this.#hold(mailbox, kept);
    }
    this.#bytes += mailbox.bytes;
    session.storedSeq = mailbox.seq;
    for (const { reqKey, fingerprint, seq } of replies) {
      if (reqKey === undefined || fingerprint === undefined) continue;
      if (mailbox.get(seq) === undefined) continue;
      known.set(reqKey, { fingerprint, submissionId: undefined, seq });
    }
    return session;
  }

  /** A reply is remembered no more. */
  protected dropped(reply: KeptReply): void {
    this.#bodies.release(reply);
  }

  #hold(mailbox: Session["mailbox"], kept: KeptReply): void {
    this.#bodies.hold(kept, kept.bodyText?.length ?? 0, () => {
      const held = mailbox.bytes;
      mailbox.dropBody(kept);
      this.#bytes += mailbox.bytes - held;
    });
  }

  acknowledge(session: Session, seq: number, nowMs: number): void {
    session.mailbox.acknowledge(seq, nowMs);
    this.prune(session, nowMs);
  }

  shrink(session: Session): void {
    const { mailbox } = session;
    const { mailboxBytes, mailboxReplies } = this.#limits;
    const before = mailbox.bytes;
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
    this.#bytes += mailbox.bytes - before;
  }

  prune(session: Session, nowMs: number): void {
    const { mailbox, known } = session;
    const before = mailbox.bytes;
    const untilMs = nowMs - this.#limits.rememberAckedMs;
    const max = this.#limits.mailboxReplies * REMEMBERED_FACTOR;
    for (;;) {
      const acked = mailbox.size - mailbox.unacked;
      const oldest = mailbox.peekAckedBefore(acked > max ? nowMs : untilMs);
      if (oldest === undefined) break;
      const { reqKey, seq } = oldest;
      const request = reqKey === undefined ? undefined : known.get(reqKey);
      if (reqKey !== undefined && request?.seq === seq) {
        known.free(reqKey, request);
      }
      mailbox.shift();
      this.dropped(oldest);
    }
    this.#bytes += mailbox.bytes - before;
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
