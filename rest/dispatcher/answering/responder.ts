import type { Answer } from "../../domain/answer.ts";
import type { Outcome } from "../../domain/entry.ts";
import { type FactSink, refusedFact } from "../../domain/fact.ts";
import { botOf } from "../../domain/identity.ts";
import type { Journal } from "../../domain/journal.ts";
import { cancelledRefusal } from "../../domain/own_refusals.ts";
import type { Clock } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Register } from "../../idempotency/register.ts";
import {
  discard,
  discardBody,
  observeEnd,
} from "../../streams/answer_streams.ts";
import { readBounded } from "../../streams/read_bounded.ts";
import type { Job, JobTicket } from "../job.ts";
import type { MessageNonces } from "../../idempotency/nonces/message_nonces.ts";
import { refuseLostAnswer } from "./lost_answer.ts";
import { shareAnswer } from "./share_answer.ts";

/** Header with the number of tries, if there was more than one. */
const ATTEMPTS_HEADER = "x-rest-attempts";

/** Discord's largest answer to a POST, a bot's whole command list, stays below this. */
export const KEPT_BODY_BYTES_MAX = 1_048_576;

/** Where ends of jobs are told, and who takes the answers that reach no caller. */
export interface ResponderDeps {
  readonly facts: FactSink;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly register: Register<Job>;
  readonly adoptMs: number;
  /** The caller that waits for the second try of a job that ends now. */
  readonly takeSecondTry: (job: Job) => JobTicket | undefined;
  readonly nonces?: MessageNonces | undefined;
  /** Sends a read again for a caller who cannot get the shared answer. */
  readonly askAlone: (ticket: JobTicket) => void;
  /** The stream of an answer has ended. */
  readonly onStreamEnd: () => void;
}

/**
 * Brings the end of a job to all its callers, or keeps what came of it for its
 * second try. Both methods say whether that is so: then the journal knows.
 */
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

  answer(job: Job, answer: Answer, receivedAtMs: number): boolean {
    const isNonceKept = this.#keepNonce(job, answer, receivedAtMs);
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
    const [first, second] = job.tickets;
    if (second !== undefined || first?.isWanted !== true) {
      return this.#answerOthers(job, tracked) || isNonceKept;
    }
    first.resolve(tracked);
    return isNonceKept;
  }

  refuse(job: Job, refusal: Refusal, nowMs: number): boolean {
    const { facts, register } = this.#deps;
    const isNonceKept = this.#keepNonce(job, refusal, nowMs);
    const { sent } = refusal;
    const isOutcomeUnknown = sent !== false && !job.isRepeatable(nowMs);
    const waitMs = nowMs - job.queuedAtMs;
    const { waitReason: reason, attempts } = job;
    refusal.timing = { waitMs, reason, attempts };
    const fact = refusedFact(job.request, refusal);
    facts(isOutcomeUnknown ? { ...fact, isOutcomeUnknown } : fact);
    // A POST that may have run must not be sent for a second try, which is told so.
    const isKept = isOutcomeUnknown &&
      register.detached.keeps(job, { status: undefined, sent });
    const second = isKept ? this.#deps.takeSecondTry(job) : undefined;
    if (second !== undefined) refuseLostAnswer(second, facts);
    if (isKept && second === undefined) {
      this.#keep(job, { kind: "refusal", refusal });
    } else register.detached.drop(job);
    for (const ticket of job.tickets) ticket.reject(refusal);
    return isNonceKept || (isKept && second === undefined);
  }

  /** Whoever sends a message that failed again, to the next process too, is to send the same one. */
  #keepNonce(job: Job, end: Answer | Refusal, nowMs: number): boolean {
    const { nonces, journal } = this.#deps;
    const answered = end instanceof Refusal ? undefined : end.status;
    const keptMs = nonces?.ended(job, answered, nowMs);
    if (keptMs === undefined) return false;
    const outcome = { kind: "shortened", status: end.status } as const;
    journal.ended(job, outcome, keptMs)?.catch(ignore);
    return true;
  }

  #answerOthers(job: Job, answer: Answer): boolean {
    const { register, takeSecondTry, askAlone } = this.#deps;
    const wanted = job.tickets.filter((ticket) => ticket.isWanted);
    for (const ticket of job.tickets) {
      if (!ticket.isWanted) ticket.reject(cancelledRefusal({ sent: true }));
    }
    if (wanted.length > 0) {
      shareAnswer(wanted, answer, askAlone);
      return false;
    }
    const { status } = answer;
    const second = status >= 200 && status < 300
      ? takeSecondTry(job)
      : undefined;
    if (second !== undefined) second.resolve(answer);
    else if (register.detached.keeps(job, { status })) {
      this.#keepAnswer(job, answer);
      return true;
    } else {
      register.detached.drop(job);
      discardBody(answer);
    }
    return false;
  }

  #keepAnswer(job: Job, answer: Answer): void {
    const { status, headers, body } = answer;
    if (body instanceof ReadableStream) {
      this.#readAndKeep(job, answer, body);
    } else if ((body?.byteLength ?? 0) > KEPT_BODY_BYTES_MAX) {
      this.#keep(job, { kind: "shortened", status });
    } else {
      this.#keep(job, { kind: "answer", answer: { status, headers, body } });
    }
  }

  /** A second try that comes while the answer is read waits for the end of that. */
  async #readAndKeep(
    job: Job,
    answer: Answer,
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    const { status, headers } = answer;
    job.state = "ending";
    const read = await readBounded(stream, KEPT_BODY_BYTES_MAX);
    job.state = "done";
    const [ticket] = job.tickets;
    if (ticket?.isWanted === true) {
      if (read.kind === "broken") refuseLostAnswer(ticket, this.#deps.facts);
      else {
        const body = read.kind === "whole" ? read.bytes : read.stream;
        ticket.resolve({ ...answer, body });
      }
      return this.#deps.journal.gone(job);
    }
    if (read.kind === "large") discard(read.stream);
    this.#keep(
      job,
      read.kind === "whole"
        ? { kind: "answer", answer: { status, headers, body: read.bytes } }
        : { kind: "shortened", status },
    );
  }

  #keep(job: Job, outcome: Outcome): void {
    const { register, journal, clock, adoptMs } = this.#deps;
    // Its path was changed while its answer was read.
    if (!register.detached.has(job)) return journal.gone(job);
    register.detached.end(job, outcome, clock.nowMs());
    journal.ended(job, outcome, adoptMs)?.catch(ignore);
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

/** Nobody waits for it: a failing store tells of itself. */
function ignore(): void {}
