import type { Answer } from "../../domain/answer.ts";
import { type FactSink, refusedFact } from "../../domain/fact.ts";
import { botOf } from "../../domain/identity.ts";
import { cancelledRefusal } from "../../domain/own_refusals.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { discardBody, watchStream } from "../../streams/answer_streams.ts";
import type { Job, JobTicket } from "../job.ts";
import type { Orphans } from "../second_tries/orphans.ts";
import { shareAnswer } from "../second_tries/single_flight.ts";

/** Says that an answer took more than one try; absent after a single one. */
const ATTEMPTS_HEADER = "x-rest-attempts";

/** Where ends are told, and what happens to answers that reach nobody. */
export interface ResponderDeps {
  readonly facts: FactSink;
  readonly orphans: Orphans;
  /** Sends a read anew for one caller whom a shared answer could not reach. */
  readonly askAlone: (ticket: JobTicket) => void;
  /** An answer's stream is through. */
  readonly onStreamEnd: () => void;
}

/** Brings the end of a job to everybody who waits for it, or keeps it for who comes back. */
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
    const { request, attempts, sentAtMs, queuedAtMs } = job;
    this.#deps.facts({
      kind: "answered",
      bot: botOf(request.identity),
      label: request.route.label,
      caller: request.caller,
      status: answer.status,
      waitMs: sentAtMs - queuedAtMs,
      sendMs: receivedAtMs - sentAtMs,
      attempts,
    });
    const tracked = this.#track(withAttempts(answer, attempts));
    const [first] = job.tickets;
    if (job.tickets.length === 1 && first?.isWanted) first.resolve(tracked);
    else this.#answerMany(job, tracked, receivedAtMs);
  }

  refuse(job: Job, refusal: Refusal, nowMs: number): void {
    const { facts, orphans } = this.#deps;
    // What may have run once must not be sent anew for a caller that comes back.
    const isOutcomeUnknown = refusal.sent !== false && !job.isRepeatable;
    const fact = refusedFact(job.request, refusal);
    facts(isOutcomeUnknown ? { ...fact, isOutcomeUnknown } : fact);
    if (isOutcomeUnknown) orphans.keep(job, undefined, nowMs);
    else orphans.drop(job);
    for (const ticket of [...job.tickets]) ticket.reject(refusal);
  }

  #answerMany(job: Job, answer: Answer, nowMs: number): void {
    const { orphans, askAlone } = this.#deps;
    const wanted = job.tickets.filter((ticket) => ticket.isWanted);
    for (const ticket of [...job.tickets]) {
      if (!ticket.isWanted) ticket.reject(cancelledRefusal({ sent: true }));
    }
    if (wanted.length > 0) {
      shareAnswer(wanted, answer, askAlone);
    } else if (job.isWrite && answer.status !== 429) {
      orphans.keep(job, answer, nowMs);
    } else {
      // A 429 says that nothing was done: who comes back is sent anew.
      orphans.drop(job);
      discardBody(answer);
    }
  }

  #track(answer: Answer): Answer {
    if (!(answer.body instanceof ReadableStream)) return answer;
    this.#openStreams++;
    const body = watchStream(answer.body, () => {
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
