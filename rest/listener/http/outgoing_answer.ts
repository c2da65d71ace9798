import type { Answer, AnswerBody } from "../../domain/answer.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { HttpAnswer } from "./incoming_request.ts";
import { SIGNATURE_HEADER } from "./refusal_answer.ts";
import { serverTimingOf, TIMING_HEADER } from "./server_timing.ts";

/** Statuses that end with their headers (RFC 9110). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const RATE_LIMIT_PREFIX = "x-ratelimit-";

/** Hands Discord's answer on: status, headers and body bytes as they came. */
export function outgoingAnswer(
  answer: Answer,
  rules: {
    readonly areRateLimitHeadersStripped: boolean;
    readonly isServerTimingOn: boolean;
  },
): HttpAnswer {
  const { status } = answer;
  if (status < 200 || status > 599) {
    dismiss(answer.body);
    throw new Refusal(
      "outcome_unknown",
      `Cannot pass on the answer: ${status} is no status of HTTP`,
      { sent: true },
    );
  }
  const body = bodyOf(answer);
  const isStripped = rules.areRateLimitHeadersStripped && status !== 429;
  const headers: Array<readonly [string, string]> = [];
  for (const field of answer.headers) {
    const [name] = field;
    // Whole bodies are counted on their way out; only of a stream nobody knows the length.
    if (name === "content-length" && !(body instanceof ReadableStream)) {
      continue;
    }
    // Only we sign with it: a caller must be able to trust the signature.
    if (name === SIGNATURE_HEADER && answer.isOurs !== true) continue;
    if (isStripped && name.startsWith(RATE_LIMIT_PREFIX)) continue;
    headers.push(field);
  }
  if (rules.isServerTimingOn && answer.isOurs !== true) {
    headers.push([TIMING_HEADER, serverTimingOf(answer.timing)]);
  }
  return { status, headers, body };
}

function bodyOf({ status, body }: Answer): AnswerBody {
  if (body === undefined || !BODILESS.has(status)) return body;
  dismiss(body);
  return undefined;
}

/** A stream nobody reads would keep its connection to Discord for ever. */
export function dismiss(body: AnswerBody): void {
  if (body instanceof ReadableStream) body.cancel().catch(ignore);
}

function ignore(): void {}
