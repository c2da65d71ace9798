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
import type { SessionStore } from "./sessions/session_store.ts";

/** Plain data for metrics and pages; nothing in it is secret. */
export interface RepSnapshot {
  readonly connections: number;
  readonly unauthenticated: number;
  readonly slowReaders: number;
  readonly sessions: number;
  readonly inFlight: number;
  readonly mailboxBytes: number;
  readonly repliesDropped: number;
  readonly framesDropped: number;
  readonly closed: Readonly<Record<number, number>>;
}

/**
 * The conversation of REP over any number of sockets: events in, actions out.
 *
 * It holds every connection, session and unanswered request, and knows no
 * socket, clock, timer or promise. Each method is one event at one moment and
 * returns what is to be done, in order and at once; whoever does it reports
 * back with the next event. A connection it has closed hears and says nothing
 * more, whatever the socket still delivers.
 *
 * - A message is read (`receive`), checked (`serve_frame`), made into a request
 *   (`build_request`) and handed out as `submit`.
 * - Its end comes back through `answered` (`settle`): straight to the
 *   connection, or into the session's mailbox and from there in order
 *   (`delivery`), as fast as the reader reads (`slow_readers`).
 * - What a session must not lose changes only through the `SessionStore`.
 * - Time passes in `tick`, due at `wakeAtMs` (`timekeeping`).
 */
export class RepMachine {
  readonly #state: RepState;

  constructor(settings: RepSettings, store: SessionStore) {
    this.#state = newState(settings, store);
  }

  /** When `tick` is due; undefined: nothing waits for time to pass. May change with any event. */
  get wakeAtMs(): number | undefined {
    return nextWakeAtMs(this.#state);
  }

  /** A socket is open. Its id names it in every other event. */
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
      const isCrowded =
        state.unauthenticated.size > state.settings.limits.unauthenticated;
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

  /** The socket is gone, for whatever reason; saying so twice does no harm (C58). */
  closed(id: number, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    const connection = this.#state.connections.get(id);
    if (connection !== undefined) leave(step, connection);
    return step.actions;
  }

  /** A submission has ended. One that was taken back is not known any more, which does no harm. */
  answered(
    submissionId: number,
    outcome: SubmissionResult,
    moment: Moment,
  ): readonly Action[] {
    const step = this.#step(moment);
    const submission = this.#state.submissions.get(submissionId);
    if (submission !== undefined) settle(step, submission, outcome);
    if (isDrained(this.#state)) closeAll(step);
    return step.actions;
  }

  /** What became of a `cancel`. */
  cancelled(
    action: Extract<Action, { kind: "cancel" }>,
    outcome: "cancelled" | "sent" | "done",
    moment: Moment,
  ): readonly Action[] {
    const step = this.#step(moment);
    noteCancelled(step, action, outcome);
    if (isDrained(this.#state)) closeAll(step);
    return step.actions;
  }

  /** What a socket holds unsent, as `measure` asked. */
  measured(id: number, bytes: number, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    const connection = this.#state.connections.get(id);
    if (connection !== undefined) noteBuffered(step, connection, bytes);
    return step.actions;
  }

  /** Whether a fact has to be observed at all: most happen with every request. */
  isNoteworthy(fact: Fact): boolean {
    return isNoteworthy(this.#state, fact);
  }

  /** Something happened in the proxy that clients may have to hear of (G). */
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

  /** Takes nothing new, lets what runs end until then, and says goodbye (G3). */
  drain(deadlineAtMs: number, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    this.#state.drainAtMs = deadlineAtMs + DRAIN_GRACE_MS;
    const deadlineMs = Math.max(0, deadlineAtMs - moment.nowMs);
    notify(step, { type: "draining", deadlineMs });
    if (isDrained(this.#state)) closeAll(step);
    return step.actions;
  }

  /** Ends one connection, for a reason the machine cannot know. */
  dismiss(id: number, code: CloseCode, moment: Moment): readonly Action[] {
    const step = this.#step(moment);
    const connection = this.#state.connections.get(id);
    if (connection !== undefined) closeConnection(step, connection, code);
    return step.actions;
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
      mailboxBytes: store.bytes,
      repliesDropped: counters.repliesDropped,
      framesDropped: counters.framesDropped,
      closed: Object.fromEntries(counters.closed),
    };
  }

  #step({ nowMs, wallMs }: Moment): Step {
    return { state: this.#state, nowMs, wallMs, actions: [] };
  }
}
