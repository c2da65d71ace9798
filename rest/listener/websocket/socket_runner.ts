import type { HandedOver } from "../../domain/owners.ts";
import {
  type EntryRef,
  type RestoredEntry,
  type RestoredReply,
  type SessionRecord,
} from "../../domain/entry.ts";
import type { Fact, FactSink } from "../../domain/fact.ts";
import type { Journal } from "../../domain/journal.ts";
import type { Clock, Submitter, Ticket } from "../../domain/ports.ts";
import type { Action } from "../../rep/actions.ts";
import type { ConnectionStart } from "../../rep/connections/connection.ts";
import type { Message } from "../../rep/conversation/receive.ts";
import type { SubmissionResult } from "../../rep/conversation/settle.ts";
import type { RepMachine } from "../../rep/machine.ts";
import type { Moment } from "../../rep/rep_state.ts";
import type { Session } from "../../rep/sessions/session.ts";
import { tellFault } from "../fault_of.ts";
import type { OpenSocket } from "../http/incoming_request.ts";
import { isLeftBehind } from "../left_behind.ts";
import { EarlyEnds } from "./early_ends.ts";
import { resultOf, Submissions } from "./submissions.ts";

/** What a socket runner is made with. */
export interface RunnerDeps {
  readonly machine: RepMachine;
  readonly submitter: Submitter;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly journal: Journal;
  /** A streamed answer may have so many bytes. */
  readonly maxAnswerBytes: number;
  /** The last socket is gone. */
  readonly onEmpty: () => void;
}

/** What a socket that has been closed is given to answer the close, before its connection is cut. */
const CLOSE_GRACE_MS = 5_000;

/**
 * Stands between the machine and the world: brings it sockets' events, answers
 * and time, and does what it wants done. Every event runs to its end before the
 * next one begins, also where doing one thing brings about another.
 */
export class SocketRunner {
  readonly #deps: RunnerDeps;
  readonly #sockets = new Map<number, OpenSocket>();
  /** How to call off the next step of a socket's end. */
  readonly #endings = new Map<number, () => void>();
  readonly #submissions: Submissions;
  readonly #earlyEnds: EarlyEnds;
  readonly #actions: Action[] = [];
  #isActing = false;
  #isStopped = false;
  #wakeAtMs: number | undefined;
  #callOff: (() => void) | undefined;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
    this.#submissions = new Submissions({
      ...deps,
      onEnd: (id, result, entry) => this.#end(id, result, entry),
    });
    this.#earlyEnds = new EarlyEnds(deps);
  }

  /** A socket is open; returns the id it has from now on. */
  open(socket: OpenSocket, start: ConnectionStart): number {
    const { id, actions } = this.#deps.machine.open(start, this.#moment());
    this.#sockets.set(id, socket);
    this.#act(actions);
    return id;
  }

  receive(id: number, message: Message): void {
    try {
      this.#act(this.#deps.machine.receive(id, message, this.#moment()));
    } catch (error) {
      // A bug of ours with this frame: the other sockets must not suffer from it.
      this.#tellBug(error);
      this.#run((machine, moment) => machine.dismiss(id, 1011, moment));
    }
  }

  /** The socket is gone. Saying so twice does no harm (C58). */
  closed(id: number): void {
    if (!this.#sockets.delete(id)) return;
    this.#endings.get(id)?.();
    this.#endings.delete(id);
    this.#run((machine, moment) => machine.closed(id, moment));
    if (this.#sockets.size === 0) this.#deps.onEmpty();
  }

  observe(fact: Fact): void {
    if (!this.#deps.machine.isNoteworthy(fact)) return;
    this.#run((machine, moment) => machine.observe(fact, moment));
  }

  announceDrain(deadlineAtMs: number): void {
    this.#run((machine, moment) => machine.announceDrain(deadlineAtMs, moment));
  }

  drain(deadlineAtMs: number): void {
    this.#run((machine, moment) => machine.drain(deadlineAtMs, moment));
  }

  /** A journal has stored replies of this session. */
  stored(session: Session): void {
    this.#run((machine, moment) => machine.stored(session, moment));
  }

  /** Takes over a session of another process. */
  restoreSession(
    record: SessionRecord,
    replies: readonly RestoredReply[],
  ): void {
    this.#deps.machine.restoreSession(record, replies, this.#moment());
    this.#arm();
  }

  /** Follows a frame whose session is not there yet; `restoreFrame` gets the ticket that is returned. */
  expectFrame(ticket: Ticket): Ticket {
    return this.#earlyEnds.follow(ticket);
  }

  /** Takes over a frame of another process, which waits again (`ticket`) or is through. */
  restoreFrame({ entry, outcome }: RestoredEntry, ticket?: Ticket): void {
    const { guarantee } = entry;
    if (guarantee?.frame === undefined) return;
    const { machine } = this.#deps;
    const id = machine.restoreFrame(guarantee, guarantee.frame);
    if (ticket !== undefined) this.#submissions.follow(id, ticket);
    if (outcome === undefined) return;
    const result = resultOf(outcome);
    this.#run((_, moment) => machine.answered(id, result, moment, entry));
  }

  /** Another proxy has the sessions of this identity. */
  release(handed: HandedOver): void {
    this.#run((machine, moment) => machine.release(handed, moment));
  }

  /** Sets no timer any more: nobody is left to whom time matters. */
  stop(): void {
    this.#isStopped = true;
    this.#disarm();
  }

  /** Sockets that are open or closing. */
  get socketCount(): number {
    return this.#sockets.size;
  }

  /** Cuts every connection that does not answer its close. */
  cutAll(): void {
    for (const socket of this.#sockets.values()) socket.terminate();
  }

  #moment(): Moment {
    const { clock } = this.#deps;
    return { nowMs: clock.nowMs(), wallMs: clock.wallMs() };
  }

  #run(
    event: (machine: RepMachine, moment: Moment) => readonly Action[],
  ): void {
    try {
      this.#act(event(this.#deps.machine, this.#moment()));
    } catch (error) {
      this.#tellBug(error);
    }
  }

  #act(actions: readonly Action[]): void {
    for (const action of actions) this.#actions.push(action);
    if (this.#isActing) return;
    this.#isActing = true;
    // What an action brings about is put behind those that wait already.
    for (let at = 0; at < this.#actions.length; at++) {
      const action = this.#actions[at];
      if (action === undefined) continue;
      try {
        this.#do(action);
      } catch (error) {
        this.#tellBug(error);
      }
    }
    this.#actions.length = 0;
    this.#isActing = false;
    this.#arm();
  }

  #do(action: Action): void {
    const { machine, facts } = this.#deps;
    switch (action.kind) {
      case "send":
        return this.#send(action.connectionId, action.text);
      case "close":
        return this.#close(action);
      case "submit":
        return this.#submissions.submit(action);
      case "cancel": {
        const ticket = this.#submissions.get(action.submissionId);
        const outcome = ticket?.cancel() ?? "done";
        return this.#run((_, moment) =>
          machine.cancelled(action, outcome, moment, ticket?.entry)
        );
      }
      case "leave":
        return this.#submissions.leave(action.submissionId);
      case "measure": {
        const { connectionId } = action;
        const bytes = this.#sockets.get(connectionId)?.bufferedAmount ?? 0;
        return this.#run((_, moment) =>
          machine.measured(connectionId, bytes, moment)
        );
      }
      case "forget":
        return this.#deps.journal.gone(action.entry);
      case "tell":
        return facts(action.fact);
    }
  }

  #send(id: number, text: string): void {
    const socket = this.#sockets.get(id);
    if (socket?.isOpen === true) socket.send(text);
  }

  /** Closes a socket, and cuts it where its peer does not answer the close. */
  #close(
    { connectionId, code, reason }: Extract<Action, { kind: "close" }>,
  ): void {
    const socket = this.#sockets.get(connectionId);
    if (socket === undefined) return;
    socket.close(code, reason);
    const { clock } = this.#deps;
    const atMs = clock.nowMs() + CLOSE_GRACE_MS;
    this.#endings.set(
      connectionId,
      clock.wakeAt(atMs, () => socket.terminate()),
    );
  }

  #end(
    submissionId: number,
    result: SubmissionResult,
    entry: EntryRef | undefined,
  ): void {
    const { journal } = this.#deps;
    const isElsewhere = entry !== undefined &&
      isLeftBehind(entry, result, journal);
    this.#run((machine, moment) =>
      isElsewhere
        ? machine.movedOn(submissionId, moment)
        : machine.answered(submissionId, result, moment, entry)
    );
  }

  #tellBug(error: unknown): void {
    tellFault(this.#deps.facts, error);
  }

  /** One timer for all: set anew only when something is due earlier than it. */
  #arm(): void {
    const { wakeAtMs } = this.#deps.machine;
    if (wakeAtMs === undefined || this.#isStopped) return this.#disarm();
    if (this.#wakeAtMs !== undefined && this.#wakeAtMs <= wakeAtMs) return;
    this.#disarm();
    this.#wakeAtMs = wakeAtMs;
    this.#callOff = this.#deps.clock.wakeAt(wakeAtMs, () => this.#wake());
  }

  #disarm(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#wakeAtMs = undefined;
  }

  #wake(): void {
    this.#wakeAtMs = undefined;
    this.#callOff = undefined;
    this.#run((machine, moment) => machine.tick(moment));
  }
}
