import { type FactSink, refusedFact } from "../../domain/fact.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { JobTicket } from "../job.ts";

/**
 * Refuses a second try whose first ran, while the answer of that is not
 * available. The write's outcome was counted as unknown when it ended, and it is
 * one write; what its second caller is told is one refusal more.
 */
export function refuseLostAnswer(ticket: JobTicket, facts: FactSink): void {
  const refusal = new Refusal(
    "outcome_unknown",
    "Cannot give an answer: an identical request was sent already and its answer is not at hand; look before sending it again",
  );
  ticket.reject(refusal);
  facts(refusedFact(ticket.request, refusal));
}
