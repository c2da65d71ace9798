import type { Answer } from "../domain/answer.ts";
import { Refusal } from "../domain/refusal.ts";
import type { WholeAnswer } from "../rep/frames/answer_text.ts";
import { discard } from "../streams/answer_streams.ts";
import { readBounded } from "../streams/read_bounded.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Reads an answer's streamed body to its end, for those who must hold it whole. Refuses
 * with `sent: true` what does not fit or breaks off; Discord did act on it.
 */
export async function readWhole(
  { status, headers }: Answer,
  body: ReadableStream<Bytes>,
  maxBytes: number,
): Promise<WholeAnswer> {
  const read = await readBounded(body, maxBytes);
  switch (read.kind) {
    case "whole":
      return { status, headers, body: read.bytes };
    case "large":
      discard(read.stream);
      throw tooLarge(status, maxBytes);
    case "broken":
      throw brokenOff(status);
  }
}

function tooLarge(status: number, maxBytes: number): Refusal {
  return new Refusal(
    "internal",
    `Cannot show the answer: Discord answered ${status} with more than ${maxBytes} bytes, too many to be held`,
    { sent: true },
  );
}

function brokenOff(status: number): Refusal {
  return new Refusal(
    "outcome_unknown",
    `Cannot show the answer: Discord answered ${status}, and its body broke off`,
    { sent: true },
  );
}
