import type { UpstreamFailure } from "../../domain/ports.ts";
import { Refusal, type RefusalOptions } from "../../domain/refusal.ts";
import type { Refused } from "../../scheduler/types.ts";
import type { Job } from "../job.ts";

/** A refusal by the scheduler; whether the request was sent is known here. */
export function refusalOf(refused: Refused, sent: false | null): Refusal {
  const { code, message, retryAfterMs } = refused;
  const options: RefusalOptions = retryAfterMs === undefined
    ? { sent }
    : { sent, retryAfterMs };
  return new Refusal(code, message, options);
}

/** For a message whose further try comes too late for Discord to know it again. */
export function unrecognisedRefusal(): Refusal {
  return new Refusal(
    "outcome_unknown",
    "Cannot tell whether Discord made the message: it waited so long for another try that it could become a second one; look before sending it again",
  );
}

/** For a request that its journal, or another process, kept from leaving as long as it may wait. */
export function heldBackRefusal(sent: false | null): Refusal {
  return new Refusal(
    "wait_too_long",
    "Cannot send the request: until the end of its longest wait it could not be made sure that it is sent once; ask again",
    { sent, retryAfterMs: 1_000 },
  );
}

/** For a request without an answer that is not tried again; `host` is where it was sent. */
export function failureRefusal(
  job: Job,
  failure: UpstreamFailure,
  { isRepeatable, host }: {
    readonly isRepeatable: boolean;
    readonly host: string;
  },
): Refusal {
  const { code, isTimeout, mayHaveArrived } = failure;
  const detail = `${code} at ${host}`;
  if (mayHaveArrived && !isRepeatable) {
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
