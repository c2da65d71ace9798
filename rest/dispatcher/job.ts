import type { Answer } from "../domain/answer.ts";
import type { Entry, Guarantee } from "../domain/entry.ts";
import type { Fact } from "../domain/fact.ts";
import { botOf } from "../domain/identity.ts";
import { isRecognised, type MessageNonce } from "../domain/message_nonce.ts";
import type { Committed } from "../domain/journal.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { Urgency } from "../domain/urgency.ts";
import type { OpenWrite } from "../idempotency/open_writes.ts";
import type { WaitReason } from "../domain/wait_reason.ts";
import {
  isRepeatable,
  NO_RETRIES,
  type RetryHistory,
} from "./sending/retry.ts";

/** One caller's claim to the answer of a job. */
export interface JobTicket {
  /** The caller's request; only its token may change, with that of the job. */
  request: ProxyRequest;
  /** The job that it waits for; undefined after it is settled, or if it waits for a kept answer. */
  job: Job | undefined;
  /** True while the caller waits for the answer. */
  readonly isWanted: boolean;
  readonly guarantee: Guarantee | undefined;
  /** The job, where a journal knows it. */
  entry: Entry | undefined;
  /** Settles when the job is in the proxy's care. */
  accepted: Committed;
  resolve(answer: Answer): void;
  reject(refusal: Refusal): void;
}

/** The fact that a job is sent now. */
export function leasedFact(
  { request, queuedAtMs, attempts }: Job,
  nowMs: number,
): Extract<Fact, { kind: "leased" }> {
  return {
    kind: "leased",
    bot: botOf(request.identity),
    label: request.route.label,
    waitMs: nowMs - queuedAtMs,
    attempt: attempts + 1,
  };
}

const NONE: readonly JobTicket[] = [];

/** One request in the scheduler, and the tickets of all callers who wait for it. */
export class Job implements Entry, OpenWrite<Job> {
  readonly id: number;
  /** Empty where no journal asks for it. */
  entryId = "";
  readonly guarantee: Guarantee | undefined;
  print = "";
  /** The request that is sent; a caller that adopts the job replaces it with an equal one. */
  request: ProxyRequest;
  readonly queuedAtMs: number;
  /** Where the job stands; `ending`: its answer is read for whoever comes back for it. `done` is final. */
  state: "waiting" | "leased" | "ending" | "done" = "waiting";
  older: Job | undefined;
  newer: Job | undefined;
  isOvertaken = false;
  /** When it was sent last. */
  sentAtMs = 0;
  /** What it waited for longest, at its last send or its end in the queue. */
  waitReason: WaitReason | undefined;
  /** How often it was sent. */
  attempts = 0;
  /** Whether Discord may have executed it. */
  mayHaveRun = false;
  /** It was accepted by another process: no limit refuses it again. */
  isPromised = false;
  /** Left unsent at a drain's end it goes on in the next process, where its client comes for the REPLY. */
  outlivesProxy = false;
  retries: RetryHistory = NO_RETRIES;
  /** By what Discord knows it again, where it is a message that has one. */
  nonce: MessageNonce | undefined;
  /** Why it cannot be kept as its caller was promised: it is refused with that as soon as it waits. */
  unkept: Refusal | undefined;

  #urgency: Urgency;
  #adoptedAtMs: number | undefined;
  /** Nearly always the only one: it is not worth an array. */
  #ticket: JobTicket | undefined;
  #furtherTickets: JobTicket[] | undefined;

  constructor(id: number, ticket: JobTicket, queuedAtMs: number) {
    this.id = id;
    this.guarantee = ticket.guarantee;
    this.request = ticket.request;
    this.queuedAtMs = queuedAtMs;
    this.#ticket = ticket;
    this.#urgency = ticket.request.urgency;
    ticket.job = this;
  }

  /** Since when it waits for whoever waits for it now: its terms count from then. */
  get sinceMs(): number {
    return this.#adoptedAtMs ?? this.queuedAtMs;
  }

  set sinceMs(atMs: number) {
    this.#adoptedAtMs = atMs;
  }

  /** Those who wait for it, in the order they came. */
  get tickets(): readonly JobTicket[] {
    const first = this.#ticket;
    return first === undefined
      ? NONE
      : [first, ...this.#furtherTickets ?? NONE];
  }

  get isWrite(): boolean {
    return this.request.method !== "GET";
  }

  /** False if sending it again at `nowMs` could execute it twice. */
  isRepeatable(nowMs: number): boolean {
    return isRepeatable(this.request.method) ||
      isRecognised(this.nonce, nowMs);
  }

  /** Whether it is sent though nobody waits for it any more. */
  get outlivesCallers(): boolean {
    if (this.guarantee !== undefined) return true;
    return this.isWrite &&
      (this.request.onLeave !== "cancel" || this.mayHaveRun);
  }

  get isWanted(): boolean {
    return this.#ticket?.isWanted === true ||
      this.#furtherTickets?.some((ticket) => ticket.isWanted) === true;
  }

  /** Whether it could be the second try of another write and has not run. */
  get isSecondTryAtMost(): boolean {
    return this.isWrite && this.guarantee === undefined && !this.mayHaveRun;
  }

  get mayStepBack(): boolean {
    return this.state === "waiting" && this.isSecondTryAtMost && this.isWanted;
  }

  /** What a refusal may say about whether Discord got it. */
  get sent(): false | null {
    return this.mayHaveRun ? null : false;
  }

  /** From now on Discord may know its nonce. */
  noteSent(nonce: MessageNonce | undefined, nowMs: number): void {
    if (nonce === undefined) return;
    this.nonce = { ...nonce, sentAtMs: nonce.sentAtMs ?? nowMs };
  }

  attach(ticket: JobTicket): void {
    ticket.job = this;
    if (this.#ticket === undefined) this.#ticket = ticket;
    else (this.#furtherTickets ??= []).push(ticket);
  }

  detach(ticket: JobTicket): void {
    const further = this.#furtherTickets;
    if (this.#ticket === ticket) this.#ticket = further?.shift();
    else {
      const at = further?.indexOf(ticket) ?? -1;
      if (at >= 0) further?.splice(at, 1);
    }
    if (further?.length === 0) this.#furtherTickets = undefined;
  }

  /**
   * Holds what its path is called by, together with an earlier write of that
   * path: where many wait they wait for a few places, and this is 240 bytes of
   * each.
   */
  shareNamesWith({ request: { method, target, route } }: Job): void {
    const own = this.request;
    const isSame = method === own.method && route.key === own.route.key &&
      target.path === own.target.path && target.query === own.target.query &&
      target.version === own.target.version;
    if (!isSame) return;
    this.request = { ...own, target, route };
    for (const ticket of this.tickets) ticket.request = this.request;
  }

  /** Raises the urgency to that of a caller who joined; true if it is the highest so far. */
  raise(urgency: Urgency): boolean {
    if (urgency >= this.#urgency) return false;
    this.#urgency = urgency;
    return true;
  }
}

/** Whether it waits for its turn. */
export function isWaiting({ state }: Job): boolean {
  return state === "waiting";
}
