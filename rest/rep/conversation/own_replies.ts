import { detailOf } from "../../domain/fact.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Connection } from "../connections/connection.ts";
import { push } from "../connections/outbound.ts";
import type { Frame } from "../frames/frame.ts";
import { NO_TARGET, refusalReply, replyText } from "../frames/reply.ts";
import type { Step } from "../rep_state.ts";

/** Sends a reply of the proxy's own, without a seq and without storing it (B3). */
export function answer(
  step: Step,
  connection: Connection,
  frame: Frame,
  status: number,
  data: unknown,
): void {
  send(step, connection, frame, { status, bodyText: JSON.stringify(data) });
}

/** Refuses a frame. If it has no `req`, the client is not told (C28). */
export function refuse(
  step: Step,
  connection: Connection,
  frame: Frame,
  refusal: Refusal,
): void {
  tellRefused(step, connection, refusal);
  if (frame.reqText === undefined) step.state.counters.framesDropped++;
  else send(step, connection, frame, refusalReply(refusal));
}

/** Refuses a malformed message: its target and its `req` cannot be read (C9). */
export function refuseMalformed(
  step: Step,
  connection: Connection,
  refusal: Refusal,
): void {
  tellRefused(step, connection, refusal);
  const said = refusalReply(refusal);
  const unread = { targetText: NO_TARGET, reqText: undefined };
  push(step, connection, replyText({ ...said, ...unread }));
}

/** The label of a request without a route. */
const NO_ROUTE = "(no route)";
const UNAUTHENTICATED = "(unauthenticated)";

function tellRefused(
  step: Step,
  { principal }: Connection,
  refusal: Refusal,
): void {
  const { code, retryAfterMs } = refusal;
  const caller = principal?.callerName ?? UNAUTHENTICATED;
  const about = { code, label: NO_ROUTE, caller, ...detailOf(refusal) };
  const fact = { kind: "refused", ...about, retryAfterMs } as const;
  step.actions.push({ kind: "tell", fact });
}

function send(
  step: Step,
  connection: Connection,
  { targetText = NO_TARGET, reqText }: Frame,
  said: { readonly status: number; readonly bodyText: string },
): void {
  if (reqText === undefined) return;
  push(step, connection, replyText({ ...said, targetText, reqText }));
}
