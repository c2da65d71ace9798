import type { Answer, WholeAnswer } from "../domain/answer.ts";
import { headerOf } from "../domain/headers.ts";
import { Refusal } from "../domain/refusal.ts";
import { discard } from "../streams/answer_streams.ts";
import { codingsOf, decode } from "../streams/content_codings.ts";
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

/**
 * Discord's largest answers stay below 2 MiB. Nothing else runs while a body is
 * unpacked: some 70 ms for so many bytes of brotli (measured).
 */
const UNPACKED_BYTES_MAX = 8 * 1_048_576;

/**
 * The same answer without its content codings, so that its body is what Discord
 * meant. Refuses with `sent: true` what is too large then, or is not what its codings say. A body in a coding nobody knows stays as it is, with the
 * header that says so.
 */
export function withoutCodings(answer: WholeAnswer): WholeAnswer {
  const { status, headers, body } = answer;
  if (headerOf(headers, "content-encoding") === undefined) return answer;
  if (body === undefined || body.byteLength === 0) return answer;
  const codings = codingsOf(headers);
  const decoded = decode(body, codings, UNPACKED_BYTES_MAX);
  switch (decoded.kind) {
    case "plain":
      return asPlain({ status, headers, body: decoded.bytes });
    case "unknown":
      return answer;
    case "large":
      throw tooLarge(status, UNPACKED_BYTES_MAX);
    case "broken":
      throw new Refusal(
        "outcome_unknown",
        `Cannot show the answer: Discord answered ${status}, and its body is not the ${decoded.coding} that it is said to be, or not all of it`,
        { sent: true },
      );
  }
}

/** Without the header that speaks of codings. */
function asPlain(answer: WholeAnswer): WholeAnswer {
  const headers = answer.headers.filter(([name]) =>
    name !== "content-encoding"
  );
  return { ...answer, headers };
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
