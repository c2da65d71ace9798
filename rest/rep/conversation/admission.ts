import { drainingRefusal } from "../../domain/own_refusals.ts";
import { Refusal } from "../../domain/refusal.ts";
import { closeConnection } from "../connections/close_connection.ts";
import { type Connection, inFlightOf } from "../connections/connection.ts";
import { SlidingWindow } from "../connections/sliding_window.ts";
import type { Frame } from "../frames/frame.ts";
import type { Step } from "../rep_state.ts";

/** Whether one more request is accepted now (B9, F2, G3). Throws the refusal; false if it closed the connection for flooding. */
export function isAdmitted(
  step: Step,
  connection: Connection,
  frame: Frame,
): boolean {
  const refusal = admissionProblem(step, connection, frame);
  if (refusal === undefined) return true;
  const { limits } = step.state.settings;
  connection.refused ??= new SlidingWindow(
    limits.maxInFlight * limits.floodFactor,
    limits.floodWindowMs,
  );
  if (connection.refused.isExceededAt(step.nowMs)) {
    closeConnection(step, connection, 4429);
    return false;
  }
  throw refusal;
}

function admissionProblem(
  { state }: Step,
  connection: Connection,
  { reqText }: Frame,
): Refusal | undefined {
  if (state.drainAtMs !== undefined) return drainingRefusal();
  const { maxInFlight, mailboxReplies, mailboxBytes } = state.settings.limits;
  const { answerable, silent } = inFlightOf(connection);
  // Requests without `req` are bounded, too, or they would be a way around the bound.
  if (answerable >= maxInFlight || silent >= maxInFlight) {
    return new Refusal(
      "too_many",
      `Cannot take request: ${maxInFlight} are without an answer; wait for some`,
    );
  }
  const mailbox = connection.session?.mailbox;
  if (mailbox === undefined || reqText === undefined) return undefined;
  const isFull = mailbox.unacked >= mailboxReplies ||
    mailbox.unackedBytes >= mailboxBytes;
  if (!isFull) return undefined;
  return new Refusal(
    "mailbox_full",
    `Cannot take request: ${mailbox.unacked} replies are not acknowledged; acknowledge some`,
  );
}
