import type { WholeAnswer } from "../../domain/answer.ts";
import type { EntryRef } from "../../domain/entry.ts";
import type { Refusal, RefusalCode } from "../../domain/refusal.ts";
import { closeConnection } from "../connections/close_connection.ts";
import { push } from "../connections/outbound.ts";
import { bodyTextOf, headersTextOf } from "../frames/answer_text.ts";
import { refusalReply, replyText } from "../frames/reply.ts";
import { connectionOf, type Step, type Submission } from "../rep_state.ts";
import { deliver } from "../sessions/deliver.ts";
import type { NewReply } from "../sessions/mailbox.ts";
import type { Session } from "../sessions/session.ts";

/** How a submission ended. */
export type SubmissionResult =
  | { readonly kind: "answer"; readonly answer: WholeAnswer }
  | { readonly kind: "refusal"; readonly refusal: Refusal };

/**
 * Codes of refusals before a request is accepted, after which its `req` may be
 * used again (B3). A request that has waited is refused with a stored reply.
 */
const NOT_ACCEPTED: ReadonlySet<RefusalCode> = new Set([
  "overloaded",
  "draining",
  "journal_full",
  "store_unreachable",
  "moved",
  "no_token",
  "token_rejected",
  "invalid_budget",
  "blocked",
]);

/** Ends a submission: stores its reply in the session, or sends it to the connection. */
export function settle(
  step: Step,
  submission: Submission,
  outcome: SubmissionResult,
  entry?: EntryRef,
): void {
  const { state } = step;
  const { session, reqText } = submission;
  const origin = state.connections.get(submission.connectionId);
  state.submissions.delete(submission.id);
  (session?.inFlight ?? origin?.inFlight)?.delete(submission);
  if (reqText === undefined) return forget(step, entry);
  if (session !== undefined && hasMoved(outcome)) {
    forget(step, entry);
    return sendElsewhere(step, session, submission);
  }
  const isKept = session !== undefined &&
    !(isNotAccepted(outcome) && session.connectionId !== undefined);
  if (isKept && !session.hasEnded) {
    const reply = replyOf(step, submission, reqText, outcome);
    state.store.keep(session, reply, entry);
    return deliver(step, session);
  }

  forget(step, entry);
  if (isKept) {
    state.counters.repliesDropped++;
    return;
  }
  if (submission.reqKey !== undefined) {
    session?.known.free(submission.reqKey, submission);
  }
  const receiver = session === undefined
    ? origin
    : connectionOf(state, session);
  if (receiver === undefined) {
    state.counters.repliesDropped++;
    return;
  }
  const { targetText } = submission;
  const { status, bodyText, headersText } = wordsOf(submission, outcome);
  push(
    step,
    receiver,
    replyText(
      { targetText, status, bodyText, reqText },
      // A plain connection gets no members beyond plain REP (C41).
      receiver.hasOptedIn ? { headersText } : undefined,
    ),
  );
}

function replyOf(
  { wallMs }: Step,
  submission: Submission,
  reqText: string,
  outcome: SubmissionResult,
): NewReply {
  const { targetText, reqKey, verb, fingerprint } = submission;
  return {
    ...wordsOf(submission, outcome),
    targetText,
    reqText,
    reqKey,
    fingerprint,
    verb,
    atWallMs: wallMs,
  };
}

/** Nobody can ask for the request any more. */
function forget({ actions }: Step, entry: EntryRef | undefined): void {
  if (entry !== undefined) actions.push({ kind: "forget", entry });
}

/** Certainly not sent: another proxy sends for this bot by now. */
function hasMoved(outcome: SubmissionResult): boolean {
  if (outcome.kind === "answer") return false;
  const { code, sent } = outcome.refusal;
  return code === "moved" && sent === false;
}

/** Its client resumes at the next owner, and asks there for what it has no REPLY to. */
function sendElsewhere(
  step: Step,
  session: Session,
  submission: Submission,
): void {
  if (submission.reqKey !== undefined) {
    session.known.free(submission.reqKey, submission);
  }
  const connection = connectionOf(step.state, session);
  if (connection !== undefined) closeConnection(step, connection, 1012);
}

function isNotAccepted(outcome: SubmissionResult): boolean {
  if (outcome.kind === "answer") return false;
  const { code, sent } = outcome.refusal;
  return sent === false && NOT_ACCEPTED.has(code);
}

interface Words {
  readonly status: number;
  readonly bodyText: string;
  readonly headersText: string | undefined;
}

function wordsOf(
  { wantsHeaders }: Submission,
  outcome: SubmissionResult,
): Words {
  if (outcome.kind === "refusal") {
    return { ...refusalReply(outcome.refusal), headersText: undefined };
  }
  const { answer } = outcome;
  return {
    status: answer.status,
    bodyText: bodyTextOf(answer),
    headersText: wantsHeaders ? headersTextOf(answer.headers) : undefined,
  };
}
