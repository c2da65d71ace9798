import type { Answer } from "../../domain/answer.ts";
import type { EntryRef, Outcome } from "../../domain/entry.ts";
import type { FactSink } from "../../domain/fact.ts";
import { Leaving } from "../../domain/leaving.ts";
import { shortenedRefusal } from "../../domain/own_refusals.ts";
import type { AnswerListener, Submitter, Ticket } from "../../domain/ports.ts";
import type { Action } from "../../rep/actions.ts";
import type { SubmissionResult } from "../../rep/conversation/settle.ts";
import { failureOf } from "../outcome_of.ts";
import { readWhole, withoutCodings } from "../whole_answer.ts";

/** What submissions are handed in with, and where their ends are told. */
export interface SubmissionsDeps {
  readonly submitter: Submitter;
  /** A streamed answer may have so many bytes. */
  readonly maxAnswerBytes: number;
  /** A submission has ended; `entry` is what a journal knows it as. */
  readonly onEnd: (
    submissionId: number,
    result: SubmissionResult,
    entry: EntryRef | undefined,
  ) => void;
  readonly facts: FactSink;
}

/** The requests of all connections that the queue has, by the machine's ids. */
export class Submissions implements AnswerListener {
  readonly #deps: SubmissionsDeps;
  readonly #tickets = new Map<number, Ticket>();
  /** Of those that their callers can leave. */
  readonly #leavings = new Map<number, Leaving>();

  constructor(deps: SubmissionsDeps) {
    this.#deps = deps;
  }

  submit(
    { submissionId, request, guarantee }: Extract<Action, { kind: "submit" }>,
  ): void {
    const { submitter } = this.#deps;
    try {
      const leaving = guarantee === undefined ? new Leaving() : undefined;
      if (leaving !== undefined) this.#leavings.set(submissionId, leaving);
      const ticket = submitter.submit(request, leaving, guarantee);
      this.follow(submissionId, ticket);
    } catch (error) {
      this.refused(submissionId, error);
    }
  }

  /** Sees a request to its end. */
  follow(submissionId: number, ticket: Ticket): void {
    this.#tickets.set(submissionId, ticket);
    if (ticket.listen !== undefined) return ticket.listen(this, submissionId);
    ticket.answer.then(
      (answer) => this.answered(submissionId, answer),
      (error) => this.refused(submissionId, error),
    );
  }

  get(submissionId: number): Ticket | undefined {
    return this.#tickets.get(submissionId);
  }

  leave(submissionId: number): void {
    this.#leavings.get(submissionId)?.tell();
  }

  answered(submissionId: number, answer: Answer): void {
    const { status, headers, body } = answer;
    if (body instanceof ReadableStream) {
      readWhole(answer, body, this.#deps.maxAnswerBytes).then(
        (whole) => this.answered(submissionId, whole),
        (error) => this.refused(submissionId, error),
      );
      return;
    }
    try {
      const whole = withoutCodings({ status, headers, body });
      this.#end(submissionId, { kind: "answer", answer: whole });
    } catch (error) {
      this.refused(submissionId, error);
    }
  }

  refused(submissionId: number, error: unknown): void {
    this.#end(submissionId, failureOf(error, this.#deps.facts));
  }

  #end(submissionId: number, result: SubmissionResult): void {
    const entry = this.#tickets.get(submissionId)?.entry;
    this.#tickets.delete(submissionId);
    this.#leavings.delete(submissionId);
    this.#deps.onEnd(submissionId, result, entry);
  }
}

/** A kept outcome, as the machine is told of it. */
export function resultOf(outcome: Outcome): SubmissionResult {
  return outcome.kind === "shortened"
    ? { kind: "refusal", refusal: shortenedRefusal(outcome.status) }
    : outcome;
}
