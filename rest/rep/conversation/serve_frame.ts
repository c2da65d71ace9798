import type { Guarantee } from "../../domain/entry.ts";
import { Refusal } from "../../domain/refusal.ts";
import { type Connection, inFlightOf } from "../connections/connection.ts";
import type { Principal } from "../connections/principal.ts";
import type { Frame } from "../frames/frame.ts";
import { fingerprintParts, reqKeyOf } from "../frames/req_key.ts";
import { readPath, readVerb } from "../frames/request_line.ts";
import { ownTargetOf } from "../frames/target.ts";
import { isLongerThan } from "../frames/utf8.ts";
import type { Verb } from "../frames/verbs.ts";
import type { Step, Submission } from "../rep_state.ts";
import { noteAck } from "../sessions/acknowledge.ts";
import { replay } from "../sessions/deliver.ts";
import { isAdmitted } from "./admission.ts";
import { buildRequest } from "./build_request.ts";
import { refuse } from "./own_replies.ts";
import { serveOwnTarget } from "./own_targets.ts";

/** Serves a frame of an authenticated client. */
export function serveFrame(
  step: Step,
  connection: Connection,
  principal: Principal,
  frame: Frame,
): void {
  try {
    checkReq(step, frame);
    noteAck(step, connection, frame, frame.members.ack);
    const path = readPath(frame, connection.start.origins);
    const verb = readVerb(frame);
    const own = ownTargetOf(path);
    if (own !== undefined) serveOwnTarget(step, connection, frame, verb, own);
    else serveRequest(step, connection, principal, frame, verb, path);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(step, connection, frame, error);
  }
}

/** Refuses a `req` that is too long (C32). */
export function checkReq({ state }: Step, { reqText }: Frame): void {
  const { reqBytes } = state.settings.limits;
  if (reqText === undefined || !isLongerThan(reqText, reqBytes)) return;
  throw new Refusal(
    "bad_req",
    `Invalid req: it is longer than ${reqBytes} bytes`,
  );
}

function serveRequest(
  step: Step,
  connection: Connection,
  principal: Principal,
  frame: Frame,
  verb: Verb,
  path: string,
): void {
  const { reqText, members } = frame;
  const reqKey = reqText === undefined
    ? undefined
    : reqKeyOf(members.req, reqText);
  const { session } = connection;
  const fingerprint = session === undefined || reqKey === undefined
    ? ""
    : step.state.settings.digest(fingerprintParts(frame, verb, path));
  if (reqKey !== undefined && isKnown(step, connection, reqKey, fingerprint)) {
    return;
  }
  if (!isAdmitted(step, connection, frame)) return;
  const { request, wantsHeaders } = buildRequest(
    step,
    connection,
    principal,
    frame,
    verb,
    path,
  );
  const submission: Submission = {
    id: ++step.state.lastSubmissionId,
    connectionId: connection.id,
    session,
    verb,
    targetText: frame.targetText ?? "",
    reqText,
    reqKey,
    wantsHeaders,
    fingerprint,
  };
  const submissionId = submission.id;
  step.state.submissions.set(submissionId, submission);
  inFlightOf(connection).add(submission);
  if (reqKey !== undefined) session?.known.set(reqKey, submission);
  const guarantee = guaranteeOf(submission, principal);
  step.actions.push({ kind: "submit", submissionId, request, guarantee });
}

/**
 * What a session promises of its requests, and what a frame without `req` has in
 * place of a reply. Everybody else waits for the answer, and sees it break off.
 */
function guaranteeOf(
  submission: Submission,
  { owner }: Principal,
): Guarantee | undefined {
  const { session, reqText, verb, fingerprint } = submission;
  const { reqKey, targetText, wantsHeaders } = submission;
  const isAwaited = session === undefined &&
    (reqText !== undefined || verb === "GET");
  if (isAwaited) return undefined;
  return {
    owner,
    fingerprint,
    frame: {
      session: session?.name,
      reqKey,
      reqText,
      verb,
      targetText,
      wantsHeaders,
    },
  };
}

/**
 * Whether the session knows this request already. Then it is not executed again:
 * the first one's reply answers both (I2), or the stored reply is sent (I3).
 */
function isKnown(
  step: Step,
  { session }: Connection,
  reqKey: string,
  fingerprint: string,
): boolean {
  const known = session?.known.find(reqKey, fingerprint);
  if (session === undefined || known === undefined) return false;
  if ("seq" in known) replay(step, session, known);
  return true;
}
