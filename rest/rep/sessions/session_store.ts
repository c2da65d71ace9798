import type { RepLimits } from "../limits.ts";
import type { KeptReply, NewReply } from "./mailbox.ts";
import { type KnownRequest, newSession, type Session } from "./session.ts";

/**
 * Where sessions live. Everything of them that must survive changes through
 * these methods alone, so that a store which writes it down can take the place
 * of the one in memory.
 */
export interface SessionStore {
  /** Bytes of all kept replies. */
  readonly bytes: number;
  readonly size: number;
  find(owner: string, name: string): Session | undefined;
  /** Undefined when the owner has too many, or all have together. */
  create(owner: string, name: string, expiryMs: number): Session | undefined;
  /** Forgets the session with all it holds. */
  end(session: Session): void;
  /** A request with that name has been accepted. */
  remember(session: Session, reqKey: string, known: KnownRequest): void;
  /** The request was refused before it was accepted: its name is free again. */
  forget(session: Session, reqKey: string): void;
  /** Puts a reply into the mailbox, within its bounds (B3, B9). */
  keep(session: Session, reply: NewReply): KeptReply;
  acknowledge(session: Session, seq: number, nowMs: number): void;
  /** Brings a session without a connection down to its bounds (B9). */
  shrink(session: Session): void;
  /** Forgets what was acknowledged long enough ago (I5). */
  prune(session: Session, nowMs: number): void;
  all(): Iterable<Session>;
}

/** Acknowledged replies remembered, as a multiple of the mailbox; 60 s at 1,600 a second. */
const REMEMBERED_FACTOR = 10;

/** A store that is gone with the process. */
export class MemorySessionStore implements SessionStore {
  readonly #limits: RepLimits;
  readonly #byOwner = new Map<string, Map<string, Session>>();
  #bytes = 0;
  #size = 0;

  constructor(limits: RepLimits) {
    this.#limits = limits;
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

  create(owner: string, name: string, expiryMs: number): Session | undefined {
    const sessions = this.#byOwner.get(owner) ?? new Map<string, Session>();
    const { sessionsPerKey, sessions: max } = this.#limits;
    if (sessions.size >= sessionsPerKey || this.#size >= max) return undefined;
    const session = newSession(owner, name, expiryMs);
    sessions.set(name, session);
    this.#byOwner.set(owner, sessions);
    this.#size++;
    return session;
  }

  end(session: Session): void {
    const sessions = this.#byOwner.get(session.owner);
    if (sessions?.get(session.name) !== session) return;
    sessions.delete(session.name);
    if (sessions.size === 0) this.#byOwner.delete(session.owner);
    this.#size--;
    this.#bytes -= session.mailbox.bytes;
    session.hasEnded = true;
  }

  remember(session: Session, reqKey: string, known: KnownRequest): void {
    session.known.set(reqKey, known);
  }

  forget(session: Session, reqKey: string): void {
    session.known.delete(reqKey);
  }

  keep(session: Session, reply: NewReply): KeptReply {
    const { mailbox } = session;
    const before = mailbox.bytes;
    const kept = mailbox.add(reply);
    const known = reply.reqKey === undefined
      ? undefined
      : session.known.get(reply.reqKey);
    if (known !== undefined) {
      known.submissionId = undefined;
      known.seq = kept.seq;
    }
    this.#bytes += mailbox.bytes - before;
    this.shrink(session);
    if (this.#bytes > this.#limits.mailboxTotalBytes) this.#shrinkAll();
    return kept;
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
      hasBody = mailbox.dropBodyUpTo(mailbox.ackedSeq);
    }
    // A client that is there acknowledges or is refused; only an absent one loses bodies.
    hasBody = session.connectionId === undefined;
    while (
      hasBody && (mailbox.unackedBytes > mailboxBytes ||
        mailbox.unackedBodies > mailboxReplies)
    ) hasBody = mailbox.dropBodyUpTo(mailbox.seq);
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
      if (reqKey !== undefined && known.get(reqKey)?.seq === seq) {
        known.delete(reqKey);
      }
      mailbox.shift();
    }
    this.#bytes += mailbox.bytes - before;
  }

  *all(): Iterable<Session> {
    for (const sessions of this.#byOwner.values()) yield* sessions.values();
  }

  /** Over the bound of all: first what nobody would miss, then from the fullest mailbox. */
  #shrinkAll(): void {
    const { mailboxTotalBytes } = this.#limits;
    for (const { mailbox } of this.all()) {
      while (
        this.#bytes > mailboxTotalBytes && this.#drop(mailbox, mailbox.ackedSeq)
      );
    }
    while (this.#bytes > mailboxTotalBytes) {
      let fullest: Session | undefined;
      for (const session of this.all()) {
        const most = fullest?.mailbox.bytes ?? 0;
        if (session.mailbox.bytes > most) fullest = session;
      }
      const mailbox = fullest?.mailbox;
      if (mailbox === undefined || !this.#drop(mailbox, mailbox.seq)) return;
    }
  }

  #drop(mailbox: Session["mailbox"], upToSeq: number): boolean {
    const before = mailbox.bytes;
    const hasDropped = mailbox.dropBodyUpTo(upToSeq);
    this.#bytes += mailbox.bytes - before;
    return hasDropped;
  }
}
