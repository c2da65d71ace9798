import type { Refusal } from "../../domain/refusal.ts";
import type { Connection } from "../connections/connection.ts";
import { push } from "../connections/outbound.ts";
import type { Frame } from "../frames/frame.ts";
import { NO_TARGET, refusalReply, replyText } from "../frames/reply.ts";
import type { Step } from "../rep_state.ts";

/** Answers a frame in the proxy's own name and at once: no seq, nothing kept (B3). */
export function answer(
  step: Step,
  connection: Connection,
  frame: Frame,
  status: number,
  data: unknown,
): void {
  send(step, connection, frame, { status, bodyText: JSON.stringify(data) });
}

/** Refuses a frame; without `req` its client is not told (C28). */
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

/** Refuses what is no frame at all: neither its target nor its `req` can be named (C9). */
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

/** What the label says of a request that has no route, or none yet. */
const NO_ROUTE = "(no route)";
const UNAUTHENTICATED = "(unauthenticated)";

function tellRefused(
  step: Step,
  { principal }: Connection,
  { code, retryAfterMs }: Refusal,
): void {
  const caller = principal?.callerName ?? UNAUTHENTICATED;
  const fact = { kind: "refused", code, label: NO_ROUTE, caller } as const;
  step.actions.push({ kind: "tell", fact: { ...fact, retryAfterMs } });
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
