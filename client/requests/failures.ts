import { RepClosedError, RepLimitError, type Sent } from "../api/errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Closed } from "../api/replies.ts";

/** The request was not sent within `timeoutMs`. */
export function deadlineFailure(exchange: Exchange): RepLimitError {
  return new RepLimitError(
    "deadline",
    `Could not send ${nameOf(exchange)} within its timeoutMs`,
    sentOf(exchange),
  );
}

/** No reply came within `answerWithinMs`. */
export function noAnswerFailure(exchange: Exchange): RepLimitError {
  return new RepLimitError(
    "no_answer",
    `No answer to ${nameOf(exchange)} within its answerWithinMs`,
    sentOf(exchange),
  );
}

/** The frame is above the proxy's limit; sending it again would not help. */
export function tooLargeFailure(exchange: Exchange): RepLimitError {
  return new RepLimitError(
    "too_large",
    `Could not send ${
      nameOf(exchange)
    }: its frame is above the proxy's maxPayload. Use the HTTP listener for it`,
    sentOf(exchange),
  );
}

/** The request was sent, and the proxy does not remember it. */
export function unknownFailure(exchange: Exchange): RepClosedError {
  return new RepClosedError(
    `The outcome of ${
      nameOf(exchange)
    } is unknown: the connection broke and the proxy does not remember the request`,
    null,
    { code: 0, reason: "" },
  );
}

/** The client was closed, by the caller or by the server, before the reply came. */
export function closedFailure(
  exchange: Exchange,
  closed: Closed,
): RepClosedError {
  const { code, reason } = closed;
  return new RepClosedError(
    `Could not finish ${nameOf(exchange)}: closed with ${code} ${reason}`
      .trimEnd(),
    sentOf(exchange),
    closed,
  );
}

/** There is no connection, and there will be none. */
export function notSentFailure(closed: Closed): RepClosedError {
  const because = `closed with ${closed.code} ${closed.reason}`.trimEnd();
  return new RepClosedError(`Not connected: ${because}`, false, closed);
}

/** A request that was sent may have been executed; one that was not certainly was not. */
function sentOf(exchange: Exchange): Sent {
  return exchange.wasSent ? null : false;
}

function nameOf(exchange: Exchange): string {
  return `${exchange.verb} ${exchange.target}`;
}
