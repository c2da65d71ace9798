/** Where a row of the journal stands. What is gone has no row. */
export type RowState = "queued" | "sent" | "ended";

/** What a row is about: a request, a REP session, or something that was learnt of Discord. */
export type RowKind = "request" | "session" | "learnt";

/**
 * One row of the journal. A store does not look into `head`, `body`, and the
 * ones of the outcome: whoever writes the row knows what they say.
 */
export interface JournalRow {
  /** Rows of requests sort by it in the order in which the requests were accepted. */
  readonly id: string;
  /** Whose row it is: the id of an identity, never a token. Several proxies share a store by it. */
  readonly scope: string;
  readonly kind: RowKind;
  readonly state: RowState;
  /** JSON. */
  readonly head: string;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** Set with the state `ended`. */
  readonly outcome: RowOutcome | undefined;
  /** When nobody can ask for it any more, in ms since 1970: it is not loaded then. Undefined: it is deleted by name only. */
  readonly untilWallMs: number | undefined;
}

/** What became of a request. */
export interface RowOutcome {
  /** JSON. */
  readonly head: string;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** One change of the journal. */
export type JournalChange =
  /** A new row, or another one in its place. */
  | { readonly kind: "put"; readonly row: JournalRow }
  /** It is about to be sent (`sent`), or certainly has not arrived (`queued`). Nothing happens where there is no such row, or it has ended. */
  | {
    readonly kind: "mark";
    readonly scope: string;
    readonly id: string;
    readonly state: "queued" | "sent";
  }
  /** It is through. Its request's body is needed no more. Nothing happens where there is no such row. */
  | {
    readonly kind: "end";
    readonly scope: string;
    readonly id: string;
    readonly outcome: RowOutcome;
    readonly untilWallMs: number;
  }
  | { readonly kind: "delete"; readonly scope: string; readonly id: string };

/** Why a store does not take a change. */
export type JournalFailureCode =
  /** No room: nothing new is taken, but rows may end and be deleted. */
  | "journal_full"
  /** The store cannot be reached or fails. */
  | "store_unreachable"
  /** Somebody with a later epoch writes to this scope now. */
  | "fenced"
  /** Another proxy has this scope by now, as it may have at any time: nothing is wrong. */
  | "moved";

/** A change was not made. Its message is a sentence for people. */
export class JournalFailure extends Error {
  override readonly name = "JournalFailure";
  readonly code: JournalFailureCode;

  constructor(code: JournalFailureCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What keeps a journal from being used. */
export type JournalFault =
  /** Another process has it. */
  | "locked"
  /** A later version of this program wrote it. */
  | "newer"
  /** Its bytes are not those that were written. */
  | "corrupt"
  /** It is encrypted with another key, or no key is given. */
  | "key"
  /** It cannot be opened, or is something else. */
  | "unusable";

/** A journal cannot be taken up as it is. Its message is a sentence for people; nothing was changed. */
export class JournalRefusal extends Error {
  override readonly name = "JournalRefusal";
  readonly fault: JournalFault;

  constructor(fault: JournalFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Figures of a store, for metrics and the page. */
export interface JournalFigures {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Keeps rows beyond the end of the process: SQLite for one proxy, Redis for
 * several. Only one process at a time may write to a scope: that with the
 * latest epoch.
 */
export interface JournalStore {
  /**
   * Takes over the writing to a scope; whoever had it before is fenced, and so
   * is who never claimed it. The epoch is the time in ms since 1970, or one more
   * than the last where that is later.
   */
  claimEpoch(scope: string): Promise<number>;
  /**
   * Makes all changes, in order, or none of them; changes of one row are made in
   * the order of the calls. Settles when they survive what the store is meant to
   * survive; rejects with `JournalFailure` only. After `store_unreachable`
   * nobody knows whether they were made.
   */
  append(changes: readonly JournalChange[]): Promise<void>;
  /** Where scopes fail by themselves: those of one part are given to `append` together, those of two parts never. */
  readonly partOf?: ((scope: string) => string) | undefined;
  /**
   * All rows of a scope, or of all scopes where it is left out: first those that
   * have not ended, by their ids, then those that have, by their ids within each
   * scope. Throws `JournalRefusal` only.
   */
  load(scope?: string): AsyncIterable<JournalRow>;
  figures(): JournalFigures;
  close(): Promise<void>;
}
