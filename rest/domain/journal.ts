import type {
  Entry,
  EntryRef,
  Outcome,
  ReplyRecord,
  SessionRecord,
} from "./entry.ts";
import type { ProxyRequest } from "./request.ts";

/**
 * Settles when the change survives what it is meant to survive; undefined:
 * there is nothing to wait for. Rejects with a `Refusal` where the change cannot
 * be made (`journal_full`, `store_unreachable`).
 */
export type Committed = Promise<void> | undefined;

/**
 * Is told of every change of an entry, in order and as it happens, so that a
 * store can stand behind the register. A method must not throw. The order of
 * one entry is: accepted; then any number of detached, sent and requeued; then
 * ended, where its outcome is kept for somebody; at last gone.
 */
export interface Journal {
  /** In the queue from now on. What is told of its acceptance waits for the promise; where that rejects, the request is taken out of the queue and refused. */
  accepted(entry: Entry): Committed;
  /** The last caller has left; the write is executed all the same. */
  detached(entry: Entry): Committed;
  /**
   * About to be sent: no byte leaves before the promise settles. Where it
   * rejects, the entry waits again. It rejects, too, for an entry whose
   * `accepted` was.
   */
  sent(entry: Entry): Committed;
  /** It certainly has not arrived, or was not executed (429): it waits again. */
  requeued(entry: Entry): void;
  /** Through. What was promised to callers by name is handed out after the promise; `keptMs` later nobody can ask any more. */
  ended(entry: Entry, outcome: Outcome, keptMs: number): Committed;
  /** Nobody can ask for it any more: answered to its only caller, taken back, refused or forgotten. */
  gone(entry: EntryRef): void;
  /** Whether the next process would find it. */
  keeps(entry: EntryRef): boolean;
  /** Whether it would from its acceptance on. */
  mayKeep(entry: Pick<Entry, "request" | "guarantee">): boolean;
  /** A session was opened, or its expiry has changed. */
  sessionChanged(session: SessionRecord): Committed;
  sessionEnded(session: SessionRecord): void;
  /** The REPLY has its number, which must never be given twice: it is sent after the promise. */
  replied(
    session: SessionRecord,
    reply: ReplyRecord,
    entryId: string | undefined,
  ): Committed;
  /** `session.ackedSeq` has grown. */
  acknowledged(session: SessionRecord): void;
}

/** Nothing outlives the process, and nothing is waited for. */
export const NO_JOURNAL: Journal = {
  accepted: nothing,
  detached: nothing,
  sent: nothing,
  requeued: nothing,
  ended: nothing,
  gone: nothing,
  keeps: () => false,
  mayKeep: () => false,
  sessionChanged: nothing,
  sessionEnded: nothing,
  replied: nothing,
  acknowledged: nothing,
};

/** Asked before a send, and again when its connection is there, whether this process may send for that identity now. */
export type SendGuard = (request: ProxyRequest) => boolean;

function nothing(): undefined {}
