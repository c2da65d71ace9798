import type { Answer } from "../../domain/answer.ts";
import type { FactSink } from "../../domain/fact.ts";
import { headerOf } from "../../domain/headers.ts";
import { botOf } from "../../domain/identity.ts";
import type { Committed, Journal, SendGuard } from "../../domain/journal.ts";
import type { LimitReport } from "../../domain/limit_report.ts";
import { isRecognised } from "../../domain/message_nonce.ts";
import { internalRefusal } from "../../domain/own_refusals.ts";
import {
  type Clock,
  HELD_BACK,
  type Random,
  type Upstream,
  UpstreamFailure,
} from "../../domain/ports.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import type { Scheduler, Settlement } from "../../scheduler/types.ts";
import { discardBody } from "../../streams/answer_streams.ts";
import {
  failureRefusal,
  heldBackRefusal,
  unrecognisedRefusal,
} from "../answering/refusals.ts";
import type { Job } from "../job.ts";
import { withNonce } from "../../idempotency/nonces/body_nonce.ts";
import type { MessageNonces } from "../../idempotency/nonces/message_nonces.ts";
import { decimalOf, msOf } from "./decimal.ts";
import { limitReportOf } from "./limit_report.ts";
import {
  nextTry,
  type Repeat,
  type RetryCause,
  retryCauseOfFailure,
  retryCauseOfStatus,
} from "./retry.ts";

/** What a send needs, and where its end is told. */
export interface SenderDeps {
  readonly scheduler: Scheduler;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly random: Random;
  readonly facts: FactSink;
  readonly maxWaitMs: number;
  readonly journal: Journal;
  readonly nonces?: MessageNonces | undefined;
  readonly maySend?: SendGuard | undefined;
  readonly onAnswer: (job: Job, answer: Answer, receivedAtMs: number) => void;
  readonly onRefusal: (job: Job, refusal: Refusal) => void;
  /** The job waits for another lease. */
  readonly onAgain: (job: Job) => void;
  /** Before its mark was committed its last caller left, and nobody wants it sent. */
  readonly onUnwanted: (job: Job) => void;
}

/** A request that may not leave yet asks again after this: a lease of another process, or a store, is back within seconds. */
const HELD_BACK_MS = 250;

/** A library that sends again by itself has done so by then. */
const RESEND_MS = 10_000;

/**
 * Sends leased requests to Discord. It settles each lease exactly once, with the
 * answer or the failure.
 */
export class Sender {
  readonly #deps: SenderDeps;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
  }

  /**
   * Sends a job at `nowMs`, which is now; or as soon as the journal knows that
   * it is sent. Its end is told through the callbacks. The promise rejects only
   * if an invariant is broken, and nobody catches that on purpose.
   */
  send(job: Job, nowMs: number): Promise<void> | undefined {
    const { journal, maySend, nonces } = this.#deps;
    if (maySend?.(job.request) === false) {
      this.#holdBack(job);
      return undefined;
    }
    if (job.mayHaveRun && !job.isRepeatable(nowMs)) {
      this.#tooLate(job);
      return undefined;
    }
    job.noteSent(nonces?.nonceToSend(job, nowMs), nowMs);
    const committed = journal.sent(job);
    return committed === undefined
      ? this.#transmit(job, nowMs)
      : this.#sendMarked(job, committed);
  }

  /** Sends a job once its mark is committed, if it is still to be sent then. */
  async #sendMarked(
    job: Job,
    committed: NonNullable<Committed>,
  ): Promise<void> {
    const { journal, maySend, clock, onUnwanted } = this.#deps;
    let isMarked = true;
    try {
      await committed;
    } catch {
      isMarked = false;
    }
    // The job may be done already (at the end of a drain): then its lease is settled.
    if (job.state === "done") {
      if (isMarked) journal.requeued(job);
      return;
    }
    if (!isMarked || maySend?.(job.request) === false) {
      return this.#holdBack(job);
    }
    if (job.outlivesCallers || job.isWanted) {
      return this.#transmit(job, clock.nowMs());
    }
    onUnwanted(job);
  }

  /** Gives a lease back unused. The scheduler's longest wait bounds how often. */
  #holdBack(job: Job): void {
    const { clock, onAgain, onRefusal } = this.#deps;
    const nowMs = clock.nowMs();
    const notBeforeMs = nowMs + HELD_BACK_MS;
    const outcome = { kind: "retry", report: undefined, notBeforeMs } as const;
    if (this.#settle(job, outcome, nowMs) === "again") onAgain(job);
    else onRefusal(job, job.unkept ?? heldBackRefusal(job.sent));
  }

  async #transmit(job: Job, nowMs: number): Promise<void> {
    const { upstream, maySend } = this.#deps;
    // It may wait for a connection until this process may send for it no more.
    const mayLeave = maySend && (() => maySend(job.request));
    job.attempts++;
    job.sentAtMs = nowMs;
    let answer: Answer;
    try {
      answer = await upstream.send(outgoing(job), mayLeave);
    } catch (error) {
      // The job may be done already (at the end of a drain): then its lease is settled.
      if (job.state === "done") return;
      if (!isHeldBack(error)) return this.#failed(job, error);
      job.attempts--;
      return this.#holdBack(job);
    }
    if (job.state === "done") discardBody(answer);
    else this.#answered(job, answer);
  }

  /** A message that would not be recognised any more, since it waited too long for another try. */
  #tooLate(job: Job): void {
    this.abandon(job);
    this.#deps.onRefusal(job, unrecognisedRefusal());
  }

  /** Settles the lease of a job whose answer is not waited for. */
  abandon(job: Job): void {
    this.#settle(job, { kind: "lost" }, this.#deps.clock.nowMs());
  }

  #answered(job: Job, answer: Answer): void {
    const { clock, onAnswer, onAgain } = this.#deps;
    const receivedAtMs = clock.nowMs();
    const sentAtMs = answer.sentAtMs ?? job.sentAtMs;
    const { label } = job.request.route;
    const report = limitReportOf(answer, sentAtMs, receivedAtMs, label);
    if (report.rateLimited !== undefined) this.#tellRateLimit(job, report);
    if (answer.status >= 500) job.mayHaveRun = true;

    const notBeforeMs = answer.status >= 500
      ? this.#retryAtMs(
        job,
        retryCauseOf(job, answer, receivedAtMs),
        receivedAtMs,
      )
      : undefined;
    const verdict = this.#settle(
      job,
      notBeforeMs === undefined
        ? { kind: "answered", report }
        : { kind: "retry", report, notBeforeMs },
      receivedAtMs,
    );
    if (verdict === "done") return onAnswer(job, answer, receivedAtMs);
    discardBody(answer);
    onAgain(job);
  }

  #failed(job: Job, error: unknown): void {
    const { clock, facts, upstream, onRefusal, onAgain } = this.#deps;
    const nowMs = clock.nowMs();
    if (!(error instanceof UpstreamFailure)) {
      job.mayHaveRun = true;
      this.#settle(job, { kind: "lost" }, nowMs);
      // The message of a foreign error may contain a URL with a token: only its name is told.
      const kind = error instanceof Error ? error.name : typeof error;
      facts({ kind: "warning", message: `Upstream client threw ${kind}` });
      return onRefusal(job, internalRefusal(job.sent));
    }
    if (error.mayHaveArrived) job.mayHaveRun = true;
    const cause = retryCauseOfFailure(repeatOf(job, nowMs), error);
    const notBeforeMs = this.#retryAtMs(job, cause, nowMs);
    const verdict = this.#settle(
      job,
      notBeforeMs === undefined
        ? { kind: "lost" }
        : { kind: "retry", report: undefined, notBeforeMs },
      nowMs,
    );
    if (verdict === "again") onAgain(job);
    else {
      const isRepeatable = job.isRepeatable(nowMs + RESEND_MS);
      const host = upstream.host;
      onRefusal(job, failureRefusal(job, error, { isRepeatable, host }));
    }
  }

  #retryAtMs(
    job: Job,
    cause: RetryCause | undefined,
    nowMs: number,
  ): number | undefined {
    if (cause === undefined) return undefined;
    const { random, maxWaitMs } = this.#deps;
    const next = nextTry(cause, job.retries, nowMs, random);
    if (next === undefined) return undefined;
    // The longest wait would be over by then: the scheduler would refuse the try, and this end would be lost.
    if (next.notBeforeMs >= job.sinceMs + maxWaitMs) return undefined;
    if (job.mayHaveRun && !job.isRepeatable(next.notBeforeMs)) return undefined;
    job.retries = next.history;
    return next.notBeforeMs;
  }

  #settle(job: Job, outcome: Settlement, nowMs: number): "done" | "again" {
    const verdict = this.#deps.scheduler.settle(job.id, outcome, nowMs);
    job.state = verdict === "again" ? "waiting" : "done";
    // What may have run stays marked: after a restart nobody must take it for unsent.
    if (verdict === "again" && !job.mayHaveRun) {
      this.#deps.journal.requeued(job);
    }
    return verdict;
  }

  #tellRateLimit(job: Job, report: LimitReport): void {
    const { rateLimited } = report;
    if (rateLimited === undefined) return;
    const { scope, retryAfterMs, isCloudflareBlock } = rateLimited;
    this.#deps.facts({
      kind: "rate_limited",
      bot: botOf(job.request.identity),
      label: job.request.route.label,
      scope: isCloudflareBlock ? "cloudflare" : scope ?? "unknown",
      retryAfterMs,
    });
  }
}

function isHeldBack(error: unknown): boolean {
  return error instanceof UpstreamFailure && error.code === HELD_BACK;
}

/** What is sent of a job: its request, with its nonce. */
function outgoing({ request, nonce }: Job): ProxyRequest {
  return nonce?.added === undefined ? request : withNonce(request, nonce.added);
}

function repeatOf(job: Job, nowMs: number): Repeat {
  return {
    method: job.request.method,
    isRecognised: isRecognised(job.nonce, nowMs),
  };
}

function retryCauseOf(
  job: Job,
  answer: Answer,
  nowMs: number,
): RetryCause | undefined {
  const retryAfterS = decimalOf(headerOf(answer.headers, "retry-after"));
  const retryAfterMs = retryAfterS === undefined
    ? undefined
    : msOf(retryAfterS);
  return retryCauseOfStatus(
    repeatOf(job, nowMs),
    answer.status,
    retryAfterMs,
  );
}
