import type { WholeAnswer } from "./answer.ts";
import type { MessageNonce } from "./message_nonce.ts";
import type { Refusal } from "./refusal.ts";
import type { ProxyRequest } from "./request.ts";

/** What a REPLY needs of the frame that it answers. */
export interface FrameGuarantee {
  /** Undefined for a frame outside a session, which is executed without a REPLY. */
  readonly session: string | undefined;
  /** The name of the request within its session; undefined where its `req` makes none (I1). */
  readonly reqKey: string | undefined;
  /** Undefined: the frame has no `req` and gets no REPLY (C28). */
  readonly reqText: string | undefined;
  readonly verb: string;
  readonly targetText: string;
  readonly wantsHeaders: boolean;
}

/**
 * What a caller was promised about a request beyond the answer that it waits
 * for: plain data, so that it can be stored. A request without a guarantee has
 * no name, and its caller sees the connection break.
 */
export interface Guarantee {
  /** Whose it is: the key's name and the token (`Proof`). Nobody else may ask for it. */
  readonly owner: string;
  /** Its `Idempotency-Key`. */
  readonly idempotencyKey?: string | undefined;
  /** Names it in `/_rep/requests/<id>`; after `Prefer: respond-async` somebody was told it. */
  readonly asyncId?: string | undefined;
  /** Tells the request from another one under the same name; "" where it has none. */
  readonly fingerprint: string;
  /** The frame that it came in. */
  readonly frame?: FrameGuarantee | undefined;
}

/** A request in the proxy's care, from its acceptance until nobody can ask for it any more. */
export interface Entry {
  /** Sorts in the order in which requests were accepted, those of earlier processes included (`entryIdOf`). */
  readonly entryId: string;
  readonly request: ProxyRequest;
  readonly guarantee: Guarantee | undefined;
  /** By what Discord knows it again, where it is a message that has one. */
  readonly nonce: MessageNonce | undefined;
  /** Equal for equal writes without a name; "" until its outcome is kept. */
  readonly print: string;
  /** When it was accepted (monotonic, of this process; before its start for a restored one). */
  readonly queuedAtMs: number;
  /** How often it was sent. */
  readonly attempts: number;
  /** Whether Discord may have executed it. */
  readonly mayHaveRun: boolean;
}

/** What is remembered of an entry that is through: what a journal knows it as, and whose it was. */
export interface EntryRef {
  readonly entryId: string;
  readonly request: Pick<ProxyRequest, "identity" | "route">;
}

/** A reference that holds no body. */
export function refOf(
  { entryId, request: { identity, route } }: EntryRef,
): EntryRef {
  return { entryId, request: { identity, route } };
}

/** A request of another process, to be gone on with. */
export interface RestoredEntry {
  readonly entry: Pick<Entry, "entryId" | "request" | "guarantee"> & {
    readonly acceptedWallMs: number;
    /** By what Discord knows it again, and since when. */
    readonly nonce?: RestoredNonce | undefined;
    /** As in `Entry`; wanted only where the outcome of a write without a name is kept. */
    readonly print?: string | undefined;
  };
  readonly mayHaveRun: boolean;
  /** How it ended; undefined: it waits again, or has a REPLY. */
  readonly outcome: Outcome | undefined;
  readonly reply: ReplyRecord | undefined;
  /** Until when somebody may ask for its outcome. */
  readonly untilWallMs: number | undefined;
}

/** A message's nonce, on the clock that outlives processes. */
export interface RestoredNonce {
  readonly added?: string | undefined;
  readonly sentWallMs?: number | undefined;
}

/** A REPLY of another process. */
export interface RestoredReply extends ReplyRecord {
  /** What the journal knows its request as; undefined: that has no row. */
  readonly entry?: EntryRef | undefined;
}

/** What another process has left. */
export interface Restored {
  readonly sessions: readonly SessionRecord[];
  /** In the order of their ids. */
  readonly entries: readonly RestoredEntry[];
  /** REPLYs whose requests are not among the entries. */
  readonly replies: ReadonlyArray<{
    readonly owner: string;
    readonly session: string;
    readonly reply: ReplyRecord;
  }>;
}

/** What became of a request. */
export type Outcome =
  | { readonly kind: "answer"; readonly answer: WholeAnswer }
  | { readonly kind: "refusal"; readonly refusal: Refusal }
  /** Only its status is known any more: the body was given up to make room, or is for nobody. */
  | { readonly kind: "shortened"; readonly status: number };

/** A REP session as a store has to know it. */
export interface SessionRecord {
  readonly owner: string;
  readonly name: string;
  /** The identity of the bot whose session it is. */
  readonly identityId: string;
  readonly expiryMs: number;
  /** The seq of the newest REPLY, and the one up to which all are acknowledged. */
  readonly seq: number;
  readonly ackedSeq: number;
}

/** A numbered REPLY of a session. */
export interface ReplyRecord {
  readonly seq: number;
  readonly reqKey: string | undefined;
  /** Tells its request from another one under the same `req`. */
  readonly fingerprint?: string | undefined;
  readonly reqText: string;
  readonly targetText: string;
  readonly verb: string;
  readonly status: number;
  readonly headersText: string | undefined;
  /** Undefined: given up to make room. */
  readonly bodyText: string | undefined;
  readonly atWallMs: number;
}
