import type {
  Entry,
  Outcome,
  ReplyRecord,
  SessionRecord,
} from "../domain/entry.ts";
import type { Committed, Journal } from "../domain/journal.ts";
import {
  JournalFailure,
  type JournalFigures,
  type JournalStore,
  type RowOutcome,
} from "../domain/journal_store.ts";
import type { Clock } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import { encodeEntry, type StoredNonce } from "./codec/entry_codec.ts";
import { encodeOutcome } from "./codec/outcome_codec.ts";
import {
  encodeReply,
  encodeSession,
  replyRowId,
  sessionRowId,
} from "./codec/session_codec.ts";
import { holdsTokenMember } from "./codec/token_holders.ts";
import { rowKeyOf } from "./codec/pending_changes.ts";
import { expiryOf, isKeptAtOnce, type Keeping, mayBeKept } from "./keeping.ts";
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

/** A request that has a row. */
interface Kept {
  readonly scope: string;
  readonly id: string;
  /** As written or about to be. */
  state: "queued" | "sent" | "ended";
  /** Somebody was promised that it survives: where it cannot be written it is refused. */
  readonly isPromised: boolean;
  /** It could not be written as its caller was promised. */
  isRefused: boolean;
}

/** Ended rows of sessions are deleted by name; should that be missed, after this. */
const REPLY_KEPT_MS = 30 * 86_400_000;
/** An answer waits so long for a store that fails; then it is handed out all the same. */
const PATIENCE_MS = 5_000;

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
  /** Rows of replies whose requests have none, by session and seq. */
  readonly #replies = new Map<string, Map<number, string>>();
  #hasEnded = false;

  constructor(deps: DriverDeps) {
    this.#deps = deps;
    this.#writer = new JournalWriter(deps);
  }

  /** Set while the store does not take what it should. */
  get failure(): JournalFailure | undefined {
    return this.#writer.failure;
  }

  figures(): JournalFigures {
    return this.#deps.store.figures();
  }

  /** Whether it is found again after a restart. */
  keeps({ entryId }: Pick<Entry, "entryId">): boolean {
    return this.#kept.has(entryId);
  }

  accepted(entry: Entry): Committed {
    if (!isKeptAtOnce(entry, this.#deps.keeping)) return undefined;
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
      this.#put(entry, "sent");
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
    { entryId, guarantee }: Entry,
    outcome: Outcome,
    keptMs: number,
  ): Committed {
    this.#flying.delete(entryId);
    const kept = this.#kept.get(entryId);
    const { session, reqText } = guarantee?.frame ?? {};
    // The REPLY that follows says more.
    const isReplied = session !== undefined && reqText !== undefined;
    if (kept === undefined || isReplied) return undefined;
    return this.#end(kept, encodeOutcome(this.#storable(outcome)), keptMs);
  }

  gone({ entryId }: Entry): void {
    this.#flying.delete(entryId);
    const kept = this.#kept.get(entryId);
    // What is left at the end of the process is for the next one.
    if (kept === undefined || (this.#hasEnded && kept.state !== "ended")) {
      return;
    }
    this.#kept.delete(entryId);
    const { scope, id } = kept;
    this.#writer.note({ kind: "delete", scope, id });
  }

  sessionChanged(session: SessionRecord): Committed {
    const row = encodeSession(session);
    this.#writer.note({ kind: "put", row });
    return this.#eventually(rowKeyOf({ kind: "put", row }));
  }

  sessionEnded(session: SessionRecord): void {
    const id = sessionRowId(session);
    this.#writer.note({ kind: "delete", scope: session.identityId, id });
    this.#forgetReplies(session, Infinity);
  }

  replied(
    session: SessionRecord,
    reply: ReplyRecord,
    entryId: string | undefined,
  ): Committed {
    const kept = entryId === undefined ? undefined : this.#kept.get(entryId);
    if (kept !== undefined) {
      const outcome = encodeReply(this.#storableReply(reply));
      return this.#end(kept, outcome, REPLY_KEPT_MS);
    }
    return this.#putReply(session, reply);
  }

  acknowledged(session: SessionRecord): void {
    this.#writer.note({ kind: "put", row: encodeSession(session) });
    this.#forgetReplies(session, session.ackedSeq);
  }

  /** Takes up a row that the process before this one has left. */
  adopt(
    { entryId, state, isPromised }: {
      readonly entryId: string;
      readonly state: Kept["state"];
      readonly isPromised: boolean;
    },
    scope: string,
  ): void {
    const isRefused = false;
    this.#kept.set(entryId, {
      scope,
      id: entryId,
      state,
      isPromised,
      isRefused,
    });
  }

  /** Takes over the writing to an identity's rows. */
  claim(scope: string): Promise<number> {
    return this.#writer.claim(scope);
  }

  get writer(): JournalWriter {
    return this.#writer;
  }

  /** From now on what is not through is left for the next process. */
  leaveRest(): void {
    this.#hasEnded = true;
  }

  #put(entry: Entry, state: Kept["state"]): Kept {
    const { clock, maxWaitMs } = this.#deps;
    const { entryId, request, guarantee } = entry;
    const nowWallMs = clock.wallMs();
    const acceptedWallMs = nowWallMs - (clock.nowMs() - entry.queuedAtMs);
    const row = encodeEntry(entry, state, {
      acceptedWallMs,
      expiresWallMs: expiryOf(request, acceptedWallMs, maxWaitMs),
      nonce: this.#nonceOf(entry, state),
    });
    const isNew = !this.#kept.has(entryId);
    const isPromised = guarantee !== undefined;
    const kept: Kept = {
      scope: row.scope,
      id: entryId,
      state,
      isPromised,
      isRefused: false,
    };
    this.#kept.set(entryId, kept);
    this.#writer.note({ kind: "put", row }, { isNew });
    return kept;
  }

  /** Discord recognises it for a while from its first sending, which is now where it was not sent yet. */
  #nonceOf(
    { nonce }: Entry,
    state: Kept["state"],
  ): StoredNonce | undefined {
    if (nonce === undefined) return undefined;
    const { clock } = this.#deps;
    const { added, sentAtMs } = nonce;
    const nowWallMs = clock.wallMs();
    const sentWallMs = sentAtMs !== undefined
      ? nowWallMs - (clock.nowMs() - sentAtMs)
      : state === "sent"
      ? nowWallMs
      : undefined;
    return {
      ...added === undefined ? {} : { added },
      ...sentWallMs === undefined ? {} : { sentWallMs },
    };
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
    return this.#eventually(keyOf(kept));
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

  /** Settles when it is written, or when waiting for that helps nobody any more. */
  async #eventually(key: string): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.nowMs() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.#writer.written(key);
      } catch {
        if (clock.nowMs() >= untilMs) return;
      }
    }
  }

  #putReply(session: SessionRecord, reply: ReplyRecord): Committed {
    const { seq } = reply;
    const id = replyRowId(session, seq);
    // Its request is not written down, so its answer is not either; that it was answered is.
    const outcome = encodeReply({ ...reply, bodyText: undefined });
    const row = {
      id,
      scope: session.identityId,
      kind: "request",
      state: "ended",
      head: JSON.stringify({
        v: 1,
        session: session.name,
        owner: session.owner,
      }),
      body: undefined,
      outcome,
      untilWallMs: this.#deps.clock.wallMs() + REPLY_KEPT_MS,
    } as const;
    const name = sessionRowId(session);
    const replies = this.#replies.get(name) ?? new Map<number, string>();
    this.#replies.set(name, replies.set(seq, id));
    this.#writer.note({ kind: "put", row });
    return this.#eventually(rowKeyOf({ kind: "put", row }));
  }

  #forgetReplies(session: SessionRecord, upToSeq: number): void {
    const name = sessionRowId(session);
    const replies = this.#replies.get(name);
    if (replies === undefined) return;
    for (const [seq, id] of replies) {
      if (seq > upToSeq) continue;
      replies.delete(seq);
      this.#writer.note({ kind: "delete", scope: session.identityId, id });
    }
    if (replies.size === 0) this.#replies.delete(name);
  }

  /** An answer that shows a token is not written in the clear. */
  #storable(outcome: Outcome): Outcome {
    if (outcome.kind !== "answer" || this.#deps.keeping.isEncrypted) {
      return outcome;
    }
    const { status, body } = outcome.answer;
    return holdsTokenMember(body) ? { kind: "shortened", status } : outcome;
  }

  #storableReply(reply: ReplyRecord): ReplyRecord {
    const { bodyText } = reply;
    if (bodyText === undefined || this.#deps.keeping.isEncrypted) return reply;
    return TOKEN.test(bodyText) ? { ...reply, bodyText: undefined } : reply;
  }
}

const LOST = new JournalFailure(
  "store_unreachable",
  "The journal did not take the request",
);

const TOKEN = /"(?:token|access_tokens?|refresh_token)"\s*:/;

function keyOf({ scope, id }: Pick<Kept, "scope" | "id">): string {
  return rowKeyOf({ kind: "delete", scope, id });
}

function refusalOf({ code, message }: JournalFailure): Refusal {
  const name = code === "journal_full" ? code : "store_unreachable";
  return new Refusal(name, message, { retryAfterMs: 1_000 });
}
