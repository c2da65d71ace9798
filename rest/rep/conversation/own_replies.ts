import type { Refusal } from "../../domain/refusal.ts";
import type { Connection } from "../connections/connection.ts";
import { push } from "../connections/outbound.ts";
import type { Frame } from "../frames/frame.ts";
import { refusalReply } from "../frames/refusal_text.ts";
import { NO_TARGET, replyText } from "../frames/reply.ts";
import type { Turn } from "../rep_state.ts";

/** Answers a frame in the proxy's own name and at once: no seq, nothing kept (B3). */
export function answer(
  turn: Turn,
  connection: Connection,
  frame: Frame,
  status: number,
  data: unknown,
): void {
  send(turn, connection, frame, { status, bodyText: JSON.stringify(data) });
}

/** Refuses a frame; without `req` its client is not told (C28). */
export function refuse(
  turn: Turn,
  connection: Connection,
  frame: Frame,
  refusal: Refusal,
): void {
  tellRefused(turn, connection, refusal);
  if (frame.reqText === undefined) turn.state.counters.framesDropped++;
  else send(turn, connection, frame, refusalReply(refusal));
}

/** Refuses what is no frame at all: neither its target nor its `req` can be named (C9). */
export function refuseMalformed(
  turn: Turn,
  connection: Connection,
  refusal: Refusal,
): void {
  tellRefused(turn, connection, refusal);
  const said = refusalReply(refusal);
  const unread = { targetText: NO_TARGET, reqText: undefined };
  push(turn, connection, replyText({ ...said, ...unread }));
}

/** What the label says of a request that has no route, or none yet. */
const NO_ROUTE = "(no route)";
const STRANGER = "(stranger)";

function tellRefused(
  turn: Turn,
  { principal }: Connection,
  { code, retryAfterMs }: Refusal,
): void {
  const caller = principal?.callerName ?? STRANGER;
  const fact = { kind: "refused", code, label: NO_ROUTE, caller } as const;
  turn.actions.push({ kind: "tell", fact: { ...fact, retryAfterMs } });
}

function send(
  turn: Turn,
  connection: Connection,
  { targetText = NO_TARGET, reqText }: Frame,
  said: { readonly status: number; readonly bodyText: string },
): void {
  if (reqText === undefined) return;
  push(turn, connection, replyText({ ...said, targetText, reqText }));
}
