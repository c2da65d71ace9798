import type { HandedOver } from "../../domain/owners.ts";
import type { FrameGuarantee, Guarantee } from "../../domain/entry.ts";
import { closeConnection } from "../connections/close_connection.ts";
import { verbOf } from "../frames/verbs.ts";
import {
  connectionOf,
  type RepState,
  type Step,
  type Submission,
} from "../rep_state.ts";

/** No connection has it: ids begin at 1. */
const NO_CONNECTION = 0;

/** Takes over a frame of another process that has no answer; returns its submission. */
export function restoreFrame(
  state: RepState,
  { owner, fingerprint }: Guarantee,
  frame: FrameGuarantee,
): number {
  const { session: name, verb, targetText, reqText, reqKey, wantsHeaders } =
    frame;
  const session = name === undefined
    ? undefined
    : state.store.find(owner, name);
  const submission: Submission = {
    id: ++state.lastSubmissionId,
    connectionId: NO_CONNECTION,
    session,
    verb: verbOf(verb) ?? "ACTION",
    targetText,
    reqText,
    reqKey,
    wantsHeaders,
    fingerprint,
  };
  const { id } = submission;
  state.submissions.set(id, submission);
  session?.inFlight.add(submission);
  if (reqKey !== undefined) session?.known.set(reqKey, submission);
  return id;
}

/** Another process answers a submission. */
export function leaveSubmission({ state }: Step, submissionId: number): void {
  const submission = state.submissions.get(submissionId);
  if (submission === undefined) return;
  state.submissions.delete(submissionId);
  const origin = state.connections.get(submission.connectionId);
  (submission.session?.inFlight ?? origin?.inFlight)?.delete(submission);
}

/** Forgets the sessions of a scope, and has their clients come back. */
export function releaseSessions(step: Step, handed: HandedOver): void {
  const { state } = step;
  for (const session of [...state.store.all()]) {
    if (!handed.hasIdentity(session.identityId)) continue;
    const connection = connectionOf(state, session);
    if (connection !== undefined) closeConnection(step, connection, 1012);
    for (const { id } of [...session.inFlight]) leaveSubmission(step, id);
    state.store.release(session);
  }
}
