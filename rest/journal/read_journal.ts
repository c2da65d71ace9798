import type { Outcome, ReplyRecord, SessionRecord } from "../domain/entry.ts";
import type { Identity } from "../domain/identity.ts";
import type { JournalRow } from "../domain/journal_store.ts";
import type { LearntState } from "../domain/learnt_state.ts";
import { RECOGNISED_MS } from "../domain/message_nonce.ts";
import { Refusal, type RefusalCode } from "../domain/refusal.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { decodeEntry, type StoredEntry } from "./codec/entry_codec.ts";
import { decodeLearnt } from "./codec/learnt_codec.ts";
import { decodeOutcome } from "./codec/outcome_codec.ts";
import {
  mayHaveBeenSent,
  type Recovery,
  recoveryOf,
} from "./codec/recovery.ts";
import {
  decodeReply,
  decodeSession,
  isReplyRow,
} from "./codec/session_codec.ts";

/** A request of an earlier process, and what becomes of it. */
export interface FoundEntry {
  readonly entry: StoredEntry;
  readonly scope: string;
  readonly recovery: Recovery;
  /** Whether Discord may have executed it. */
  readonly mayHaveRun: boolean;
  /** How it ended; undefined: it goes again. */
  readonly outcome: Outcome | undefined;
  /** Its numbered REPLY, where it has one. */
  readonly reply: ReplyRecord | undefined;
  /** Until when somebody may ask for its outcome. */
  readonly untilWallMs: number | undefined;
}

/** Everything that an earlier process has left. */
export interface FoundJournal {
  readonly sessions: readonly SessionRecord[];
  /** In the order of their acceptance. */
  readonly entries: readonly FoundEntry[];
  /** Replies whose requests have no row, by the name and owner of their session. */
  readonly replies: readonly FoundReply[];
  readonly learnt: readonly LearntState[];
  /** Rows that could not be read: of another version, or damaged. */
  readonly unreadable: readonly {
    readonly scope: string;
    readonly id: string;
  }[];
}

/** A REPLY without its request. */
export interface FoundReply {
  readonly owner: string;
  readonly session: string;
  readonly scope: string;
  readonly id: string;
  readonly reply: ReplyRecord;
}

/** What reading needs to know of the present. */
export interface ReadingDeps {
  readonly nowWallMs: number;
  /** Undefined: it is not configured any more. */
  readonly identityOf: (identityId: string) => Identity | undefined;
  /** Tells a write without a name from all that are not its second try. */
  readonly printOf: (request: ProxyRequest) => string;
  /** How long the outcome of such a write waits for its second try. */
  readonly adoptMs: number;
  /** The machine was started anew under a journal that survives processes only. */
  readonly mayLackMarks: boolean;
}

/** Reads all rows, and decides what becomes of each request. */
export function readJournal(
  rows: Iterable<JournalRow>,
  deps: ReadingDeps,
): FoundJournal {
  const sessions: SessionRecord[] = [];
  const entries: FoundEntry[] = [];
  const replies: FoundReply[] = [];
  const learnt: JournalRow[] = [];
  const unreadable: { scope: string; id: string }[] = [];
  for (const row of rows) {
    try {
      if (row.kind === "learnt") learnt.push(row);
      else if (row.kind === "session") sessions.push(decodeSession(row));
      else {
        const reply = isReplyRow(row) ? foundReplyOf(row) : undefined;
        if (reply !== undefined) replies.push(reply);
        else entries.push(foundEntryOf(row, deps));
      }
    } catch {
      unreadable.push({ scope: row.scope, id: row.id });
    }
  }
  return {
    sessions,
    entries,
    replies,
    learnt: decodeLearnt(learnt),
    unreadable,
  };
}

function foundReplyOf(
  { id, scope, head, outcome }: JournalRow,
): FoundReply | undefined {
  const { session, owner } = JSON.parse(head);
  if (typeof session !== "string" || outcome === undefined) return undefined;
  const reply = decodeReply(outcome);
  return reply && { owner, session, scope, id, reply };
}

/** A verdict on a request of an earlier process waits for whoever asks, a day like other outcomes. */
export const VERDICT_KEPT_MS = 86_400_000;

/** Whether nobody knows if Discord executed it. */
export function isUnknown({ outcome }: Pick<FoundEntry, "outcome">): boolean {
  return outcome?.kind === "refusal" &&
    outcome.refusal.code === "outcome_unknown";
}

/** Stands for one that is not configured any more: nothing is sent for it. */
function unknownIdentity(id: string): Identity {
  return { id, kind: "bot", authorization: undefined, isOwn: true };
}

function foundEntryOf(
  row: JournalRow,
  deps: ReadingDeps,
): FoundEntry {
  const { nowWallMs, identityOf, mayLackMarks } = deps;
  const { scope, state, outcome: written } = row;
  const identity = identityOf(scope);
  const entry = decodeEntry(row, identity ?? unknownIdentity(scope));
  const { method } = entry.request;
  const recovery = recoveryOf({
    state,
    isRepeatable: method !== "POST" && method !== "PATCH",
    isRecognised: isRecognisedAt(entry.nonce?.sentWallMs, nowWallMs),
    isExpired: entry.expiresWallMs <= nowWallMs,
    isIdentityKnown: identity !== undefined,
    isNameOnly: entry.isNameOnly === true,
    mayLackMarks,
  });
  const mayHaveRun = mayHaveBeenSent({ state, mayLackMarks });
  const reply = written && decodeReply(written);
  const found = { entry, scope, recovery, mayHaveRun, reply };
  if (recovery !== "kept") {
    const outcome = verdictOf(recovery, {
      entry,
      mayHaveRun,
      scope,
      nowWallMs,
    });
    // What goes again is found by itself: 100,000 digests would take seconds.
    if (outcome === undefined) {
      return { ...found, outcome, untilWallMs: undefined };
    }
    return { ...found, outcome, ...namesOf(entry, deps) };
  }
  const { untilWallMs } = row;
  if (reply !== undefined || written === undefined) {
    return { ...found, outcome: undefined, untilWallMs };
  }
  const { outcome, print } = decodeOutcome(written);
  return { ...found, entry: { ...entry, print }, outcome, untilWallMs };
}

/** By what a verdict may be asked for, and until when. */
function namesOf(
  entry: StoredEntry,
  { nowWallMs, printOf, adoptMs }: ReadingDeps,
): Pick<FoundEntry, "entry" | "untilWallMs"> {
  if (entry.guarantee !== undefined) {
    return { entry, untilWallMs: nowWallMs + VERDICT_KEPT_MS };
  }
  const print = printOf(entry.request);
  return { entry: { ...entry, print }, untilWallMs: nowWallMs + adoptMs };
}

/** A mark without a moment is of a message that has no nonce. */
function isRecognisedAt(
  sentWallMs: number | undefined,
  nowWallMs: number,
): boolean {
  const ageMs = nowWallMs - (sentWallMs ?? -Infinity);
  return ageMs >= 0 && ageMs < RECOGNISED_MS;
}

interface Case {
  readonly entry: StoredEntry;
  readonly scope: string;
  readonly mayHaveRun: boolean;
  readonly nowWallMs: number;
}

/** What callers are told of a request that does not go again. */
function verdictOf(
  recovery: Recovery,
  { entry, mayHaveRun, scope, nowWallMs }: Case,
): Outcome | undefined {
  const sent = mayHaveRun ? null : false;
  switch (recovery) {
    case "again":
    case "kept":
      return undefined;
    case "unknown":
      return refused(
        "outcome_unknown",
        "Cannot tell whether Discord ran the request: the proxy ended while it was under way; look before sending it again",
        { sent: null },
      );
    case "forgotten":
      return refused(
        "draining",
        "Cannot send the request: it was kept in memory only, since it holds a token, and the process that had it has ended; ask again",
        { sent: false },
      );
    case "nobody":
      return refused(
        "no_token",
        `Cannot send the request: ${scope} is not among the bots any more`,
        { sent },
      );
    case "expired": {
      const { acceptedWallMs, request } = entry;
      const { leaveWithinMs = Infinity } = request;
      const isLate = acceptedWallMs + leaveWithinMs <= nowWallMs;
      return isLate
        ? refused(
          "deadline",
          "Cannot send request: its deadline passed while it waited",
          { sent },
        )
        : refused(
          "wait_too_long",
          `Cannot send request: it waited ${
            Math.round((nowWallMs - acceptedWallMs) / 1_000)
          } s, a restart of the proxy included`,
          { sent },
        );
    }
  }
}

/** A second is soon enough to ask again. */
const AGAIN_MS = 1_000;

function refused(
  code: RefusalCode,
  message: string,
  { sent }: { readonly sent: false | null },
): Outcome {
  const refusal = new Refusal(code, message, { sent, retryAfterMs: AGAIN_MS });
  return { kind: "refusal", refusal };
}
