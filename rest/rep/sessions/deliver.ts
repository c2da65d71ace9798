import { push } from "../connections/outbound.ts";
import { replyText } from "../frames/reply.ts";
import { connectionOf, type Step } from "../rep_state.ts";
import type { KeptReply } from "./mailbox.ts";
import type { Session } from "./session.ts";

/**
 * Sends the replies that the session's connection has not been sent yet, in
 * order, until the connection is paused (B5, F3).
 */
export function deliver(step: Step, session: Session): void {
  const connection = connectionOf(step.state, session);
  if (connection === undefined) return;
  const { mailbox } = session;
  // Acknowledged replies need not be sent.
  connection.deliveredSeq = Math.max(connection.deliveredSeq, mailbox.ackedSeq);
  while (
    connection.deliveredSeq < session.storedSeq && !connection.isClosed &&
    !connection.isPaused && !connection.isBeingMeasured
  ) {
    const seq = ++connection.deliveredSeq;
    const reply = mailbox.get(seq);
    if (reply === undefined) continue;
    const isRepeated = seq <= connection.redeliverUpToSeq;
    push(step, connection, keptText(reply, { isRepeated }));
  }
}

/** Sends a stored reply again because its request was sent again (I3). */
export function replay(step: Step, session: Session, reply: KeptReply): void {
  const connection = connectionOf(step.state, session);
  if (connection === undefined) return;
  const { mailbox } = session;
  const mustWait = connection.isPaused || connection.isBeingMeasured;
  if (mustWait && reply.seq > mailbox.ackedSeq) {
    // A paused connection gets it when it is resumed, with the replies after it.
    connection.redeliverUpToSeq = Math.max(
      connection.redeliverUpToSeq,
      connection.deliveredSeq,
    );
    connection.deliveredSeq = Math.min(connection.deliveredSeq, reply.seq - 1);
    return;
  }
  // A reply that was never sent keeps its place in the order.
  if (reply.seq > connection.deliveredSeq) return;
  push(step, connection, keptText(reply, { isRepeated: true }));
}

function keptText(
  reply: KeptReply,
  { isRepeated }: { readonly isRepeated: boolean },
): string {
  const { seq, headersText, bodyText, verb, atWallMs } = reply;
  const isShortened = bodyText === undefined;
  const meta: string[] = [];
  if (isRepeated) {
    meta.push('"redelivered":true', `"method":"${verb}"`, `"at":${atWallMs}`);
  }
  if (isShortened) meta.push('"truncated":true');
  return replyText({ ...reply, bodyText: bodyText ?? "null" }, {
    seq,
    headersText,
    ...meta.length === 0 ? {} : { metaText: `{${meta.join(",")}}` },
  });
}
