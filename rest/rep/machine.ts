import type { HandedOver } from "../domain/owners.ts";
import type {
  EntryRef,
  FrameGuarantee,
  Guarantee,
  RestoredReply,
  SessionRecord,
} from "../domain/entry.ts";
import type { Fact } from "../domain/fact.ts";
import type { Action } from "./actions.ts";
import type { CloseCode } from "./connections/close_codes.ts";
import { closeConnection, leave } from "./connections/close_connection.ts";
import {
  type ConnectionStart,
  newConnection,
} from "./connections/connection.ts";
import { noteBuffered } from "./connections/slow_readers.ts";
import { noteCancelled } from "./conversation/cancel.ts";
import { isNoteworthy, noteFact, notify } from "./conversation/notices.ts";
import { type Message, receive } from "./conversation/receive.ts";
import { settle, type SubmissionResult } from "./conversation/settle.ts";
import {
  closeAll,
  DRAIN_GRACE_MS,
  isDrained,
  nextWakeAtMs,
  tick,
} from "./conversation/timekeeping.ts";
import {
  type Moment,
  newState,
  type RepSettings,
  type RepState,
  type Step,
} from "./rep_state.ts";
import { deliver } from "./sessions/deliver.ts";
import {
  leaveSubmission,
  releaseSessions,
  restoreFrame,
} from "./sessions/hand_over.ts";
import type { Session } from "./sessions/session.ts";
import { type SessionView, sessionViews } from "./sessions/session_views.ts";
import type { SessionStore } from "./sessions/session_store.ts";

/** Figures of all connections and sessions, for metrics and pages; nothing in it is secret. */
export interface RepSnapshot {
  readonly connections: number;
  readonly unauthenticated: number;
  readonly slowReaders: number;
  readonly sessions: number;
  readonly inFlight: number;
  readonly mailboxBytes: number;
  /** Replies that no client has acknowledged. */
  readonly mailboxReplies: number;
  readonly repliesDropped: number;
  readonly framesDropped: number;
  readonly closed: Readonly<Record<number, number>>;
}

/**
 * The state machine of REP over any number of sockets: events in, actions out.
 *
 * It has all connections, sessions and unanswered requests, and knows no
 * socket, clock, timer or promise. Each method is one event at one moment. It
 * returns actions, which its caller performs at once and in order; their
 * results come back as further events. After the machine has closed a
 * connection, it ignores the events of its socket.
 *
 * A request goes through seven steps, each in a file of its name:
 *
 * 1. `frames/frame`: a message is read into a frame;
 * 2. `conversation/receive` and `serve_frame`: the frame is checked;
 * 3. `conversation/build_request`: it becomes a request;
 * 4. `conversation/serve_frame`: the request is handed out as `submit`;
 * 5. `conversation/settle`: its answer comes back with `answered`;
 * 6. `sessions/session_store`: in a session the reply is numbered and stored;
 * 7. `sessions/deliver`: the reply is sent, as fast as the client reads
 *    (`connections/slow_readers`).
 *
 * The part of a session that must not be lost changes only through the
 * `SessionStore`. Whatever depends on time alone happens in `tick`, which is due
 * at `wakeAtMs` (`conversation/timekeeping`).
 */
export class RepMachine {
  readonly #state: RepState;

  constructor(settings: RepSettings, store: SessionStore) {
    this.#state = newState(settings, store);
  }

  /** When `tick` is due; undefined if nothing depends on time. It may change with any event. */
  get wakeAtMs(): number | undefined {
    return nextWakeAtMs(this.#state);
  }

  /** A socket is open. The id that is returned names it in all other events. */
  open(
    start: ConnectionStart,
    moment: Moment,
  ): { readonly id: number; readonly actions: readonly Action[] } {
    const state = this.#state;
    const id = ++state.lastConnectionId;
    const connection = newConnection(id, start, moment.nowMs);
    state.connections.set(id, connection);
    const step = this.#step(moment);
    if (connection.principal === undefined) {
      state.unauthenticated.add(connection);
      const [oldest] = state.unauthenticated;
      const isCrowded = state.unauthenticated.size >
        state.settings.limits.unauthenticatedConnections;
      if (isCrowded && oldest !== undefined) {
        closeConnection(step, oldest, 1013);
      }
    }
    return { id, actions: step.actions };
  }

  /** A message arrived. */
  receive(id: number, message: Message, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    const connection = this.#state.connections.get(id);
    if (connection !== undefined) receive(step, connection, message);
    return step.actions;
  }

  /** The socket is closed, for whatever reason. A second call does nothing (C58). */
  closed(id: number, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    const connection = this.#state.connections.get(id);
    if (connection !== undefined) leave(step, connection);
    return step.actions;
  }

  /** A submission has ended; `entry` is what a journal knows it as. Nothing happens if it was cancelled before. */
  answered(
    submissionId: number,
    outcome: SubmissionResult,
    moment: Moment,
    entry?: EntryRef,
  ): readonly Action[] {
    const step = this.#step(moment);
    const submission = this.#state.submissions.get(submissionId);
    if (submission !== undefined) settle(step, submission, outcome, entry);
    if (isDrained(this.#state)) closeAll(step);
    return step.actions;
  }

  /** The result of a `cancel`. */
  cancelled(
    action: Extract<Action, { kind: "cancel" }>,
    outcome: "cancelled" | "sent" | "done",
    moment: Moment,
    entry?: EntryRef,
  ): readonly Action[] {
    const step = this.#step(moment);
    noteCancelled(step, action, outcome, entry);
    if (isDrained(this.#state)) closeAll(step);
    return step.actions;
  }

  /** The number of bytes that a socket has not sent, as `measure` asked. */
  measured(id: number, bytes: number, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    const connection = this.#state.connections.get(id);
    if (connection !== undefined) noteBuffered(step, connection, bytes);
    return step.actions;
  }

  /** Whether `observe` needs this fact. Most facts occur with every request and are not needed. */
  isNoteworthy(fact: Fact): boolean {
    return isNoteworthy(this.#state, fact);
  }

  /** Something happened in the proxy that clients may have to be told (G). */
  observe(fact: Fact, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    noteFact(step, fact);
    return step.actions;
  }

  /** Time has passed. */
  tick(moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    tick(step);
    return step.actions;
  }

  /** Tells the clients that the proxy will end; requests are still accepted (G3). */
  announceDrain(deadlineAtMs: number, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    this.#tellDrain(step, deadlineAtMs);
    return step.actions;
  }

  /** Accepts nothing new, and closes all connections when the last request has ended or the deadline is over (G3). */
  drain(deadlineAtMs: number, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    this.#state.drainAtMs = deadlineAtMs + DRAIN_GRACE_MS;
    this.#tellDrain(step, deadlineAtMs);
    if (isDrained(this.#state)) closeAll(step);
    return step.actions;
  }

  /** Another process goes on with a submission: it is answered from there. */
  movedOn(submissionId: number, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    leaveSubmission(step, submissionId);
    if (isDrained(this.#state)) closeAll(step);
    return step.actions;
  }

  /** Takes over a session of another process; its replies in order. */
  restoreSession(
    record: SessionRecord,
    replies: readonly RestoredReply[],
    { nowMs }: Moment,
  ): void {
    this.#state.store.restore(record, replies, nowMs);
  }

  /** Takes over a frame of another process that has no answer; returns its submission. */
  restoreFrame(guarantee: Guarantee, frame: FrameGuarantee): number {
    return restoreFrame(this.#state, guarantee, frame);
  }

  /** The replies of a session up to its `storedSeq` may be sent. */
  stored(session: Session, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    deliver(step, session);
    return step.actions;
  }

  /** Hands the sessions of a scope to another proxy: their clients come back, and find them there. */
  release(handed: HandedOver, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    releaseSessions(step, handed);
    return step.actions;
  }

  /** Closes one connection for a reason outside the machine. */
  dismiss(id: number, code: CloseCode, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    const connection = this.#state.connections.get(id);
    if (connection !== undefined) closeConnection(step, connection, code);
    return step.actions;
  }

  /** The sessions with most to fetch, at most so many. */
  sessions(max: number, { nowMs }: Moment): readonly SessionView[] {
    return sessionViews(this.#state, max, nowMs);
  }

  snapshot(): RepSnapshot {
    const { connections, unauthenticated, slow, store, submissions, counters } =
      this.#state;
    return {
      connections: connections.size,
      unauthenticated: unauthenticated.size,
      slowReaders: slow.size,
      sessions: store.size,
      inFlight: submissions.size,
      mailboxBytes: sumOf(store, ({ bytes }) => bytes),
      mailboxReplies: sumOf(store, ({ unacked }) => unacked),
      repliesDropped: counters.repliesDropped,
      framesDropped: counters.framesDropped,
      closed: Object.fromEntries(counters.closed),
    };
  }

  #tellDrain(step: Step, deadlineAtMs: number): void {
    if (this.#state.isDrainTold) return;
    this.#state.isDrainTold = true;
    const deadlineMs = Math.max(0, deadlineAtMs - step.nowMs);
    notify(step, { type: "draining", deadlineMs });
  }

  #step({ nowMs, wallMs }: Moment): Step {
    return { state: this.#state, nowMs, wallMs, actions: [] };
  }
}

/** A figure of all mailboxes together. */
function sumOf(
  store: SessionStore,
  figureOf: (mailbox: Session["mailbox"]) => number,
): number {
  let sum = 0;
  for (const { mailbox } of store.all()) sum += figureOf(mailbox);
  return sum;
}
