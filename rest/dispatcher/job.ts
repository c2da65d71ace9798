import type { Answer } from "../domain/answer.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { ProxyRequest, Urgency } from "../domain/request.ts";
import {
  isRepeatable,
  NO_RETRIES,
  type RetryHistory,
} from "./sending/retry.ts";

/** One caller's hold on a job. */
export interface JobTicket {
  /** What was asked; only the token may change, with that of the job. */
  request: ProxyRequest;
  /** What it waits for; undefined once settled, or where a kept answer is on its way. */
  job: Job | undefined;
  /** True while somebody waits for the answer. */
  readonly isWanted: boolean;
  resolve(answer: Answer): void;
  reject(refusal: Refusal): void;
}

/** One request on its way through the scheduler, and everybody who waits for it. */
export class Job {
  readonly id: number;
  /** What is sent; an adopter's copy takes the place of the first one. */
  request: ProxyRequest;
  readonly queuedAtMs: number;
  /** As the scheduler and we see it; `done` is final. */
  state: "waiting" | "leased" | "done" = "waiting";
  /** The moment of the last send. */
  sentAtMs = 0;
  /** Sends so far. */
  attempts = 0;
  /** Discord may have acted on one of them. */
  mayHaveRun = false;
  retries: RetryHistory = NO_RETRIES;
  /** Nearly always one: the literal takes a tenth of the room of a pushed-to array. */
  readonly tickets: JobTicket[];

  #urgency: Urgency;

  constructor(id: number, ticket: JobTicket, queuedAtMs: number) {
    this.id = id;
    this.request = ticket.request;
    this.queuedAtMs = queuedAtMs;
    this.tickets = [ticket];
    this.#urgency = ticket.request.urgency;
    ticket.job = this;
  }

  get isWrite(): boolean {
    return this.request.method !== "GET";
  }

  /** False where a second send could do it twice. */
  get isRepeatable(): boolean {
    return isRepeatable(this.request.method);
  }

  get isWanted(): boolean {
    return this.tickets.some((ticket) => ticket.isWanted);
  }

  /** Whether Discord got it, as far as a refusal may say. */
  get sent(): false | null {
    return this.mayHaveRun ? null : false;
  }

  attach(ticket: JobTicket): void {
    ticket.job = this;
    this.tickets.push(ticket);
  }

  detach(ticket: JobTicket): void {
    const at = this.tickets.indexOf(ticket);
    if (at >= 0) this.tickets.splice(at, 1);
  }

  /** Notes the urgency of one who joined; true when it is the highest so far. */
  raise(urgency: Urgency): boolean {
    if (urgency >= this.#urgency) return false;
    this.#urgency = urgency;
    return true;
  }
}
