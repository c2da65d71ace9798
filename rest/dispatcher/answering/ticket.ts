import type { Answer } from "../../domain/answer.ts";
import type { Entry, Guarantee } from "../../domain/entry.ts";
import type { Committed } from "../../domain/journal.ts";
import type { CallerGone, Ticket } from "../../domain/ports.ts";
import type { Refusal } from "../../domain/refusal.ts";
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
  readonly answer: Promise<Answer>;
  readonly guarantee: Guarantee | undefined;
  request: ProxyRequest;
  job: Job | undefined;
  accepted: Committed;
  entry: Entry | undefined;

  readonly #handler: TicketHandler;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (refusal: Refusal) => void;
  #callerGone: CallerGone | undefined;
  #isGone = false;
  #isSettled = false;

  constructor(
    request: ProxyRequest,
    handler: TicketHandler,
    guarantee?: Guarantee,
  ) {
    this.request = request;
    this.guarantee = guarantee;
    this.#handler = handler;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isWanted(): boolean {
    return !this.#isGone && !this.#isSettled;
  }

  /** Listens for the caller's disconnect, which may have happened already. */
  watch(callerGone: CallerGone | undefined): void {
    if (callerGone === undefined || this.#isSettled) return;
    if (callerGone.aborted) return this.handleEvent();
    this.#callerGone = callerGone;
    // The ticket itself is the listener, which saves a closure for each of 100,000 waiting requests.
    callerGone.addEventListener("abort", this);
  }

  /** Called by the abort signal. */
  handleEvent(): void {
    if (this.#isGone || this.#isSettled) return;
    this.#isGone = true;
    this.#forget();
    this.#handler.callerLeft(this);
  }

  cancel(): "cancelled" | "sent" | "done" {
    if (this.#isSettled || this.#isGone) return "done";
    return this.#handler.takeBack(this);
  }

  resolve(answer: Answer): void {
    if (!this.#settle()) return;
    this.#resolve(answer);
  }

  reject(refusal: Refusal): void {
    if (!this.#settle()) return;
    // Nobody may listen after a disconnect; that is not an unhandled error.
    this.answer.catch(ignore);
    this.#reject(refusal);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.job = undefined;
    this.#forget();
    return true;
  }

  #forget(): void {
    this.#callerGone?.removeEventListener("abort", this);
    this.#callerGone = undefined;
  }
}

function ignore(): void {}
