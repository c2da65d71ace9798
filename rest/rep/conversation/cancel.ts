import type { EntryRef } from "../../domain/entry.ts";
import { cancelledRefusal } from "../../domain/own_refusals.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Action, CancelInquiry } from "../actions.ts";
import { type Connection, inFlightOf } from "../connections/connection.ts";
import { push } from "../connections/outbound.ts";
import { dataOf, type Frame } from "../frames/frame.ts";
import { childText, jsonChildren } from "../frames/json_children.ts";
import { NO_TARGET, replyText } from "../frames/reply.ts";
import { isSameReq, reqKeyOf } from "../frames/req_key.ts";
import type { Step } from "../rep_state.ts";
import type { PendingRequest } from "../sessions/in_flight.ts";
import { answer } from "./own_replies.ts";
import { settle } from "./settle.ts";

/** Serves a cancellation: asks for the request to be cancelled (D1). */
export function cancel(step: Step, connection: Connection, frame: Frame): void {
  const { req } = dataOf(frame);
  const wanted = frame.dataText === undefined
    ? undefined
    : childText(jsonChildren(frame.dataText, Infinity) ?? [], "req");
  if (req === undefined || req === null || wanted === undefined) {
    throw new Refusal("bad_data", "Invalid data: the req to cancel is wanted");
  }
  const reqKey = reqKeyOf(req, wanted);
  const pending = findPending(connection, reqKey, wanted);
  if (pending === undefined) {
    const isDone = reqKey !== undefined &&
      connection.session?.known.get(reqKey) !== undefined;
    const state = isDone ? "done" : "unknown";
    return answer(step, connection, frame, 200, { cancelled: false, state });
  }
  const { reqText, targetText = NO_TARGET } = frame;
  const inquiry: CancelInquiry | undefined = reqText === undefined
    ? undefined
    : { connectionId: connection.id, targetText, reqText };
  const submissionId = pending.id;
  step.actions.push({ kind: "cancel", submissionId, inquiry });
}

/** The oldest request with that `req` and without an answer. */
function findPending(
  connection: Connection,
  reqKey: string | undefined,
  wanted: string,
): PendingRequest | undefined {
  for (const pending of inFlightOf(connection)) {
    const { reqText } = pending;
    if (reqText === undefined) continue;
    const isSame = reqKey === undefined
      ? pending.reqKey === undefined && isSameReq(reqText, wanted)
      : pending.reqKey === reqKey;
    if (isSame) return pending;
  }
  return undefined;
}

/** Handles the result of a cancellation. A request that was cancelled is answered, too. */
export function noteCancelled(
  step: Step,
  { submissionId, inquiry }: Extract<Action, { kind: "cancel" }>,
  outcome: "cancelled" | "sent" | "done",
  entry?: EntryRef,
): void {
  const submission = step.state.submissions.get(submissionId);
  if (outcome === "cancelled" && submission !== undefined) {
    const refusal = cancelledRefusal({ sent: false });
    settle(step, submission, { kind: "refusal", refusal }, entry);
  }
  if (inquiry === undefined) return;
  const connection = step.state.connections.get(inquiry.connectionId);
  if (connection === undefined) return;
  const bodyText = outcome === "cancelled"
    ? '{"cancelled":true}'
    : `{"cancelled":false,"state":"${outcome}"}`;
  push(step, connection, replyText({ ...inquiry, status: 200, bodyText }));
}
