import type { Answer } from "../../domain/answer.ts";
import { type FactSink, refusedFact } from "../../domain/fact.ts";
import { botOf } from "../../domain/identity.ts";
import { cancelledRefusal } from "../../domain/own_refusals.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { discardBody, observeEnd } from "../../streams/answer_streams.ts";
import type { Job, JobTicket } from "../job.ts";
import type { MessageNonces } from "../nonces/message_nonces.ts";
import type { DetachedWrites } from "../second_tries/detached_writes.ts";
import { shareAnswer } from "../second_tries/single_flight.ts";

/** Header with the number of tries, if there was more than one. */
const ATTEMPTS_HEADER = "x-rest-attempts";

/** Where ends of jobs are told, and who takes the answers that reach no caller. */
export interface ResponderDeps {
  readonly facts: FactSink;
  readonly detachedWrites: DetachedWrites;
  readonly nonces?: MessageNonces | undefined;
  /** Sends a read again for a caller who cannot get the shared answer. */
  readonly askAlone: (ticket: JobTicket) => void;
  /** The stream of an answer has ended. */
  readonly onStreamEnd: () => void;
}

/** Brings the end of a job to all its callers, or keeps the answer for a caller that comes back. */
export class Responder {
  readonly #deps: ResponderDeps;
  #openStreams = 0;

  constructor(deps: ResponderDeps) {
    this.#deps = deps;
  }

  /** Answers that are still streaming. */
  get openStreams(): number {
    return this.#openStreams;
  }

  answer(job: Job, answer: Answer, receivedAtMs: number): void {
    this.#deps.nonces?.ended(job, answer.status, receivedAtMs);
    const { request, attempts, sentAtMs, queuedAtMs, waitReason } = job;
    const waitMs = sentAtMs - queuedAtMs;
    const discordMs = receivedAtMs - sentAtMs;
    this.#deps.facts({
      kind: "answered",
      bot: botOf(request.identity),
      label: request.route.label,
      caller: request.caller,
      status: answer.status,
      waitMs,
      waitReason,
      sendMs: discordMs,
      attempts,
    });
    const timing = { waitMs, reason: waitReason, discordMs, attempts };
    const tracked = this.#track(withAttempts({ ...answer, timing }, attempts));
    const [first] = job.tickets;
    if (job.tickets.length === 1 && first?.isWanted) first.resolve(tracked);
    else this.#answerMany(job, tracked, receivedAtMs);
  }

  refuse(job: Job, refusal: Refusal, nowMs: number): void {
    const { facts, detachedWrites, nonces } = this.#deps;
    nonces?.ended(job, undefined, nowMs);
    // A write that may have run must not be sent again for a caller that comes back.
    const isOutcomeUnknown = refusal.sent !== false && !job.isRepeatable(nowMs);
    const waitMs = nowMs - job.queuedAtMs;
    const { waitReason: reason, attempts } = job;
    refusal.timing = { waitMs, reason, attempts };
    const fact = refusedFact(job.request, refusal);
    facts(isOutcomeUnknown ? { ...fact, isOutcomeUnknown } : fact);
    if (isOutcomeUnknown) detachedWrites.keep(job, undefined, nowMs);
    else detachedWrites.drop(job);
    for (const ticket of [...job.tickets]) ticket.reject(refusal);
  }

  #answerMany(job: Job, answer: Answer, nowMs: number): void {
    const { detachedWrites, askAlone } = this.#deps;
    const wanted = job.tickets.filter((ticket) => ticket.isWanted);
    for (const ticket of [...job.tickets]) {
      if (!ticket.isWanted) ticket.reject(cancelledRefusal({ sent: true }));
    }
    if (wanted.length > 0) {
      shareAnswer(wanted, answer, askAlone);
    } else if (job.isWrite && answer.status !== 429) {
      detachedWrites.keep(job, answer, nowMs);
    } else {
      // A 429 says that nothing was done: for a caller that comes back it is sent again.
      detachedWrites.drop(job);
      discardBody(answer);
    }
  }

  #track(answer: Answer): Answer {
    if (!(answer.body instanceof ReadableStream)) return answer;
    this.#openStreams++;
    const body = observeEnd(answer.body, () => {
      this.#openStreams--;
      this.#deps.onStreamEnd();
    });
    return { ...answer, body };
  }
}

function withAttempts(answer: Answer, attempts: number): Answer {
  if (attempts <= 1) return answer;
  return {
    ...answer,
    headers: [...answer.headers, [ATTEMPTS_HEADER, String(attempts)]],
  };
}
