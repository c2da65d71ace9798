import type { Answer, AnswerBody } from "../../domain/answer.ts";
import { Refusal } from "../../domain/refusal.ts";
import { SIGNATURE_HEADER } from "./refusal_response.ts";
import { serverTimingOf, TIMING_HEADER } from "./server_timing.ts";

/** Statuses that end with their headers (RFC 9110); a body would make `Response` throw. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const RATE_LIMIT_PREFIX = "x-ratelimit-";

/** Hands Discord's answer on: status, headers and body bytes as they came. */
export function answerResponse(
  answer: Answer,
  rules: {
    readonly areRateLimitHeadersStripped: boolean;
    readonly isServerTimingOn: boolean;
  },
): Response {
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
  const response = new Response(body, { status });
  // Appending one by one takes an eighth of the time that a list given to
  // the constructor takes (Deno 2.9, 2026-11), and keeps repeats as well.
  const { headers } = response;
  for (const [name, value] of answer.headers) {
    // The runtime counts whole bodies itself; only of a stream it knows no length.
    if (name === "content-length" && !(body instanceof ReadableStream)) {
      continue;
    }
    // Only we sign with it: a caller must be able to trust the signature.
    if (name === SIGNATURE_HEADER && answer.isOurs !== true) continue;
    if (isStripped && name.startsWith(RATE_LIMIT_PREFIX)) continue;
    headers.append(name, value);
  }
  if (rules.isServerTimingOn && answer.isOurs !== true) {
    headers.append(TIMING_HEADER, serverTimingOf(answer.timing));
  }
  return response;
}

function bodyOf(
  { status, body }: Answer,
): Exclude<AnswerBody, undefined> | null {
  if (body === undefined) return null;
  if (!BODILESS.has(status)) return body;
  dismiss(body);
  return null;
}

/** A stream nobody reads would keep its connection to Discord for ever. */
function dismiss(body: AnswerBody): void {
  if (body instanceof ReadableStream) body.cancel().catch(ignore);
}

function ignore(): void {}
