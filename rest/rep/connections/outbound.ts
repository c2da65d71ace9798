import { utf8Length } from "../frames/utf8_length.ts";
import type { RepLimits } from "../limits.ts";
import type { Step } from "../rep_state.ts";
import type { Connection } from "./connection.ts";

/** What a frame costs besides its text, so that a flood of tiny ones counts. */
const FRAME_BYTES = 16;

/** An unauthenticated caller is sent a few short replies: one that leaves more than this unread is no mistake. */
export const UNAUTHENTICATED_BUFFER_BYTES = 65_536;

/**
 * Sends a frame. What a socket holds is not asked for each time: what was sent
 * is added up, and only where the sum grows large is the socket measured (F3).
 */
export function push(step: Step, connection: Connection, text: string): void {
  if (connection.isClosed) return;
  const connectionId = connection.id;
  step.actions.push({ kind: "send", connectionId, text });
  // A paused connection is judged by its progress, so its sum is kept exact.
  connection.bufferedBytes += connection.isPaused
    ? utf8Length(text)
    : text.length + FRAME_BYTES;
  const { limits } = step.state.settings;
  if (connection.bufferedBytes > measuredAbove(connection, limits)) {
    measure(step, connection);
  }
}

/** Asks how many bytes the socket has not sent. */
export function measure(step: Step, connection: Connection): void {
  if (connection.isBeingMeasured) return;
  connection.isBeingMeasured = true;
  step.actions.push({ kind: "measure", connectionId: connection.id });
}

function measuredAbove(connection: Connection, limits: RepLimits): number {
  if (connection.principal === undefined) return UNAUTHENTICATED_BUFFER_BYTES;
  return connection.isPaused
    ? limits.outboundMaxBytes
    : limits.outboundHighBytes;
}
