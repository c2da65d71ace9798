import type { EntryRef, Outcome } from "../../domain/entry.ts";
import type { FactSink } from "../../domain/fact.ts";
import { Leaving } from "../../domain/leaving.ts";
import { shortenedRefusal } from "../../domain/own_refusals.ts";
import type { Submitter, Ticket } from "../../domain/ports.ts";
import type { Action } from "../../rep/actions.ts";
import type { SubmissionResult } from "../../rep/conversation/settle.ts";
import { failureOf, outcomeOf } from "../outcome_of.ts";
import { withoutCodings } from "../whole_answer.ts";

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
export class Submissions {
  readonly #deps: SubmissionsDeps;
  readonly #tickets = new Map<number, Ticket>();
  /** Of those whose callers may leave them. */
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
      this.#end(submissionId, failureOf(error, this.#deps.facts));
    }
  }

  /** Sees a request to its end. */
  async follow(submissionId: number, ticket: Ticket): Promise<void> {
    const { maxAnswerBytes: maxBytes, facts } = this.#deps;
    this.#tickets.set(submissionId, ticket);
    const shown = withoutCodings;
    this.#end(
      submissionId,
      await outcomeOf(ticket, { maxBytes, facts, shown }),
    );
  }

  get(submissionId: number): Ticket | undefined {
    return this.#tickets.get(submissionId);
  }

  /** Its caller is there no more. */
  leave(submissionId: number): void {
    this.#leavings.get(submissionId)?.tell();
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
