import { Refusal } from "../../domain/refusal.ts";
import type { Connection } from "../connections/connection.ts";
import type { Frame } from "../frames/frame.ts";
import type { Step } from "../rep_state.ts";

/**
 * Handles the acknowledgement of any frame (B4). An invalid one is refused if the
 * frame has a `req`, and ignored otherwise.
 */
export function noteAck(
  step: Step,
  { session }: Connection,
  { reqText }: Frame,
  ack: unknown,
): void {
  if (ack === undefined || session === undefined) return;
  const { mailbox } = session;
  const isWithin = typeof ack === "number" && Number.isInteger(ack) &&
    ack >= 0 && ack <= mailbox.seq;
  if (isWithin) {
    if (ack > mailbox.ackedSeq) {
      step.state.store.acknowledge(session, ack, step.nowMs);
    }
    return;
  }
  if (reqText === undefined) return;
  throw new Refusal(
    "bad_data",
    `Invalid ack: a whole number from 0 to ${mailbox.seq} is wanted`,
  );
}
