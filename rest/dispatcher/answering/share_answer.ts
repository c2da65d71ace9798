import type { Answer } from "../../domain/answer.ts";
import { discard } from "../../streams/answer_streams.ts";
import { readBounded } from "../../streams/read_bounded.ts";
import type { JobTicket } from "../job.ts";

/** Answers that stream and are larger go to one caller; the others ask for themselves. */
export const SHARED_BYTES_MAX = 1_048_576;

/**
 * Gives one answer to several callers. Those it was too large for are handed
 * to `askAlone`.
 */
export async function shareAnswer(
  tickets: readonly JobTicket[],
  answer: Answer,
  askAlone: (ticket: JobTicket) => void,
): Promise<void> {
  const { body } = answer;
  if (!(body instanceof ReadableStream)) {
    for (const ticket of tickets) ticket.resolve(answer);
    return;
  }
  const collected = await readBounded(body, SHARED_BYTES_MAX);
  // Some may have left while it was read.
  const [first, ...others] = tickets.filter((ticket) => ticket.isWanted);
  if (first === undefined) {
    if (collected.kind === "large") discard(collected.stream);
    return;
  }
  switch (collected.kind) {
    case "whole": {
      const whole = { ...answer, body: collected.bytes };
      for (const ticket of [first, ...others]) ticket.resolve(whole);
      break;
    }
    case "large":
      first.resolve({ ...answer, body: collected.stream });
      for (const ticket of others) askAlone(ticket);
      break;
    case "broken":
      for (const ticket of [first, ...others]) askAlone(ticket);
  }
}
