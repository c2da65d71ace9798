import { utf8Length } from "../frames/utf8.ts";
import type { RepLimits } from "../limits.ts";
import type { Step } from "../rep_state.ts";
import type { Connection } from "./connection.ts";

/** Added to each frame's length, so that many tiny frames count, too. */
const FRAME_BYTES = 16;

/** An unauthenticated caller is sent a few short replies: one that leaves more than this unread is no mistake. */
export const UNAUTHENTICATED_BUFFER_BYTES = 65_536;

/**
 * Sends a frame. The socket is not measured each time: the bytes sent are added
 * up, and the socket is measured only when the sum is large (F3).
 */
export function push(step: Step, connection: Connection, text: string): void {
  if (connection.isClosed) return;
  const connectionId = connection.id;
  step.actions.push({ kind: "send", connectionId, text });
  // Progress of a paused connection shows in its sum, which must be exact for that.
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
