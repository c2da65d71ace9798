import type { Answer } from "../../domain/answer.ts";
import type { Entry, Guarantee } from "../../domain/entry.ts";
import { invariant } from "../../domain/invariant.ts";
import type { Committed } from "../../domain/journal.ts";
import type { AnswerListener, CallerGone, Ticket } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import type { Job, JobTicket } from "../job.ts";

/** Handles what a caller does with its ticket. */
export interface TicketHandler {
  /** The caller has disconnected. */
  callerLeft(ticket: JobTicket): void;
  takeBack(ticket: JobTicket): "cancelled" | "sent" | "done";
}

/**
 * One caller's claim to an answer. A job has several if callers joined a read,
 * or disconnected from a write and came back.
 */
export class CallerTicket implements Ticket, JobTicket {
  readonly guarantee: Guarantee | undefined;
  request: ProxyRequest;
  job: Job | undefined;
  accepted: Committed;
  entry: Entry | undefined;

  readonly #handler: TicketHandler;
  #end: Answer | Refusal | undefined;
  #listener: AnswerListener | undefined;
  /** What the listener calls it. */
  #name = 0;
  /** Made when somebody asks for the promise. */
  #awaited: PromiseWithResolvers<Answer> | undefined;
  #callerGone: CallerGone | undefined;
  #isGone = false;

  constructor(
    request: ProxyRequest,
    handler: TicketHandler,
    guarantee?: Guarantee,
  ) {
    this.request = request;
    this.guarantee = guarantee;
    this.#handler = handler;
  }

  get isWanted(): boolean {
    return !this.#isGone && this.#end === undefined;
  }

  get answer(): Promise<Answer> {
    if (this.#awaited === undefined) {
      this.#awaited = Promise.withResolvers();
      if (this.#end !== undefined) fulfil(this.#awaited, this.#end);
    }
    return this.#awaited.promise;
  }

  listen(listener: AnswerListener, name: number): void {
    invariant(this.#listener === undefined, "a ticket has one listener");
    this.#listener = listener;
    this.#name = name;
    if (this.#end !== undefined) this.#tell(this.#end);
  }

  /** Listens for the caller's disconnect, which may have happened already. */
  watch(callerGone: CallerGone | undefined): void {
    if (callerGone === undefined || this.#end !== undefined) return;
    if (callerGone.aborted) return this.handleEvent();
    this.#callerGone = callerGone;
    // The ticket itself is the listener, which saves a closure for each of 100,000 waiting requests.
    callerGone.addEventListener("abort", this);
  }

  /** Called by the abort signal. */
  handleEvent(): void {
    if (!this.isWanted) return;
    this.#isGone = true;
    this.#forget();
    this.#handler.callerLeft(this);
  }

  cancel(): "cancelled" | "sent" | "done" {
    if (!this.isWanted) return "done";
    return this.#handler.takeBack(this);
  }

  resolve(answer: Answer): void {
    this.#settle(answer);
  }

  reject(refusal: Refusal): void {
    this.#settle(refusal);
  }

  #settle(end: Answer | Refusal): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.job = undefined;
    this.#forget();
    if (this.#awaited !== undefined) fulfil(this.#awaited, end);
    this.#tell(end);
  }

  /** Later, as a promise does: whoever settles a ticket is not through with it yet. */
  #tell(end: Answer | Refusal): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    const name = this.#name;
    queueMicrotask(() => {
      if (end instanceof Refusal) listener.refused(name, end);
      else listener.answered(name, end);
    });
  }

  #forget(): void {
    this.#callerGone?.removeEventListener("abort", this);
    this.#callerGone = undefined;
  }
}

function fulfil(
  { promise, resolve, reject }: PromiseWithResolvers<Answer>,
  end: Answer | Refusal,
): void {
  if (!(end instanceof Refusal)) return resolve(end);
  // Nobody may listen after a disconnect; that is not an unhandled error.
  promise.catch(ignore);
  reject(end);
}

function ignore(): void {}
