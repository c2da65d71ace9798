import type { ReplyRecord, SessionRecord } from "../domain/entry.ts";
import type { Committed } from "../domain/journal.ts";
import type { JournalRow, RowOutcome } from "../domain/journal_store.ts";
import type { Clock } from "../domain/ports.ts";
import { rowKeyOf } from "./codec/pending_changes.ts";
import {
  encodeReply,
  encodeSession,
  replyRowId,
  sessionRowId,
} from "./codec/session_codec.ts";
import { targetWithoutToken } from "./codec/token_holders.ts";
import type { FoundReply } from "./read_journal.ts";
import type { JournalWriter } from "./writer.ts";

/** What the rows of sessions are written with. */
export interface SessionRowsDeps {
  readonly writer: JournalWriter;
  readonly clock: Clock;
  /** What holds a token may be written. */
  readonly isEncrypted: boolean;
}

/** Rows of replies are deleted by name; should that be missed, after this. */
export const REPLY_KEPT_MS = 30 * 86_400_000;

/** Members of JSON that hold tokens, as in `codec/token_holders.ts`. */
const TOKEN = /"(?:token|access_tokens?|refresh_token)"\s*:/;

/** The rows of REP's sessions, and of replies whose requests have none. */
export class SessionRows {
  readonly #deps: SessionRowsDeps;
  /** Rows of replies, by session and seq. */
  readonly #replies = new Map<string, Map<number, string>>();

  constructor(deps: SessionRowsDeps) {
    this.#deps = deps;
  }

  changed(session: SessionRecord): Committed {
    return this.#put(encodeSession(session));
  }

  ended(session: SessionRecord): void {
    const id = sessionRowId(session);
    const scope = session.identityId;
    this.#deps.writer.note({ kind: "delete", scope, id });
    this.#forgetReplies(session, Infinity);
  }

  acknowledged(session: SessionRecord): void {
    const row = encodeSession(session);
    this.#deps.writer.note({ kind: "put", row });
    this.#forgetReplies(session, session.ackedSeq);
  }

  /** A REPLY as the outcome of its request. One that shows a token loses its body where nothing is encrypted. */
  outcomeOf(
    reply: ReplyRecord,
    { isNameOnly }: { readonly isNameOnly: boolean },
  ): RowOutcome {
    const { bodyText } = reply;
    const isShown = isNameOnly || (!this.#deps.isEncrypted &&
      bodyText !== undefined && TOKEN.test(bodyText));
    return encodeReply(isShown ? withoutToken(reply) : reply);
  }

  /** A REPLY whose request is not written down, so that its answer is not either; that it was answered is, for its number. */
  replied(session: SessionRecord, reply: ReplyRecord): Committed {
    const { owner, name, identityId } = session;
    const id = replyRowId(session, reply.seq);
    this.#note(sessionRowId(session), reply.seq, id);
    return this.#put({
      id,
      scope: identityId,
      kind: "request",
      state: "ended",
      head: JSON.stringify({ v: 1, session: name, owner }),
      body: undefined,
      outcome: encodeReply(withoutToken(reply)),
      untilWallMs: this.#deps.clock.wallMs() + REPLY_KEPT_MS,
    });
  }

  /** Takes up the rows of the process before this one. */
  takeUp(replies: readonly FoundReply[]): void {
    for (const { owner, session, reply, id } of replies) {
      this.#note(sessionRowId({ owner, name: session }), reply.seq, id);
    }
  }

  #put(row: JournalRow): Committed {
    const change = { kind: "put", row } as const;
    this.#deps.writer.note(change);
    return this.#deps.writer.eventually(rowKeyOf(change));
  }

  #note(session: string, seq: number, id: string): void {
    const replies = this.#replies.get(session) ?? new Map<number, string>();
    this.#replies.set(session, replies.set(seq, id));
  }

  #forgetReplies(session: SessionRecord, upToSeq: number): void {
    const name = sessionRowId(session);
    const replies = this.#replies.get(name);
    if (replies === undefined) return;
    const scope = session.identityId;
    for (const [seq, id] of replies) {
      if (seq > upToSeq) continue;
      replies.delete(seq);
      this.#deps.writer.note({ kind: "delete", scope, id });
    }
    if (replies.size === 0) this.#replies.delete(name);
  }
}

/** A REPLY of which nothing is told that may be a token. */
function withoutToken(reply: ReplyRecord): ReplyRecord {
  const targetText = targetWithoutToken(reply.targetText);
  return { ...reply, targetText, bodyText: undefined };
}
