import type { UpstreamFailure } from "../../domain/ports.ts";
import { Refusal, type RefusalOptions } from "../../domain/refusal.ts";
import type { Refused } from "../../scheduler/types.ts";
import type { Job } from "../job.ts";

/** A drain takes some 25 s and a start one or two; asking sooner finds the same proxy still leaving. */
const DRAINING_RETRY_AFTER_MS = 5_000;

/** The scheduler's word; `sent` is known better here than in the table. */
export function refusalOf(refused: Refused, sent: false | null): Refusal {
  const { code, message, retryAfterMs } = refused;
  const options: RefusalOptions = retryAfterMs === undefined
    ? { sent }
    : { sent, retryAfterMs };
  return new Refusal(code, message, options);
}

/** For what arrives during a drain, and for what the drain leaves undone. */
export function drainingRefusal(sent: false | null = false): Refusal {
  const message = sent === false
    ? "Cannot send request: the proxy is shutting down; ask again"
    : "Cannot tell how the request ended: the proxy is shutting down and cut it off";
  return new Refusal("draining", message, {
    sent,
    retryAfterMs: DRAINING_RETRY_AFTER_MS,
  });
}

/** For a caller that left or took its request back. */
export function cancelledRefusal(
  { sent }: { readonly sent: false | true | null },
): Refusal {
  const message = sent === false
    ? "Request was taken back before it was sent"
    : "Nobody waits for the answer to this request any more";
  return new Refusal("cancelled", message, { sent });
}

/** For a write whose twin ran, while its answer cannot be had. */
export function lostAnswerRefusal(): Refusal {
  return new Refusal(
    "outcome_unknown",
    "Cannot give an answer: an identical request was sent already and its answer is not at hand; look before sending it again",
  );
}

/** For a broken promise of our own code. */
export function internalRefusal(sent: false | null): Refusal {
  return new Refusal(
    "internal",
    "Cannot answer request: the proxy failed; its log says more",
    { sent },
  );
}

/** What a request without an answer comes to once it is not tried again; `host` is where it was sent. */
export function failureRefusal(
  job: Job,
  failure: UpstreamFailure,
  host: string,
): Refusal {
  const { code, isTimeout, mayHaveArrived } = failure;
  const detail = `${code} at ${host}`;
  if (mayHaveArrived && !job.isRepeatable) {
    return new Refusal(
      "outcome_unknown",
      `Cannot tell whether Discord ran the request: the connection failed after it was sent (${detail}); look before sending it again`,
      { detail },
    );
  }
  const tries = job.attempts === 1 ? "1 try" : `${job.attempts} tries`;
  const { sent } = job;
  if (mayHaveArrived && isTimeout) {
    return new Refusal(
      "upstream_timeout",
      `Cannot get an answer from Discord in time: ${tries}, the last ended with ${detail}`,
      { sent, detail },
    );
  }
  return new Refusal(
    "unreachable",
    `Cannot reach Discord: ${tries}, the last ended with ${detail}`,
    { sent, detail },
  );
}
