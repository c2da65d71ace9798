import type { Outcome } from "../domain/entry.ts";
import type { FactSink } from "../domain/fact.ts";
import { internalRefusal } from "../domain/own_refusals.ts";
import type { Ticket } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import { tellFault } from "./fault_of.ts";
import { readWhole } from "./whole_answer.ts";

type Ended = Exclude<Outcome, { readonly kind: "shortened" }>;

/** What became of a request, its answer held whole. */
export async function outcomeOf(
  ticket: Pick<Ticket, "answer">,
  { maxBytes, facts }: { readonly maxBytes: number; readonly facts: FactSink },
): Promise<Ended> {
  try {
    const { status, headers, body } = await ticket.answer;
    const answer = body instanceof ReadableStream
      ? await readWhole({ status, headers, body }, body, maxBytes)
      : { status, headers, body };
    return { kind: "answer", answer };
  } catch (error) {
    return failureOf(error, facts);
  }
}

/** A refusal; of a bug of ours operators are told, and nobody knows what came of the request. */
export function failureOf(error: unknown, facts: FactSink): Ended {
  if (error instanceof Refusal) return { kind: "refusal", refusal: error };
  tellFault(facts, error);
  return { kind: "refusal", refusal: internalRefusal(null) };
}
