import { utf8Length } from "../frames/utf8_length.ts";
import type { RepLimits } from "../limits.ts";
import type { Turn } from "../rep_state.ts";
import type { Connection } from "./connection.ts";

/** What a frame costs besides its text, so that a flood of tiny ones counts. */
const FRAME_BYTES = 16;

/** A stranger is sent a few short replies; more unread than this is no mistake. */
export const STRANGER_BUFFER_BYTES = 65_536;

/**
 * Sends a frame. What a socket holds is not asked for each time: what was sent
 * is added up, and only where the sum grows large is the socket measured (F3).
 */
export function push(turn: Turn, connection: Connection, text: string): void {
  if (connection.isClosed) return;
  const connectionId = connection.id;
  turn.actions.push({ kind: "send", connectionId, text });
  // A held connection's progress is told from the sum, so there it is exact.
  connection.bufferedBytes += connection.isHeld
    ? utf8Length(text)
    : text.length + FRAME_BYTES;
  const { limits } = turn.state.settings;
  if (connection.bufferedBytes > measuredAbove(connection, limits)) {
    measure(turn, connection);
  }
}

/** Asks what the socket really holds. */
export function measure(turn: Turn, connection: Connection): void {
  if (connection.isBeingMeasured) return;
  connection.isBeingMeasured = true;
  turn.actions.push({ kind: "measure", connectionId: connection.id });
}

function measuredAbove(connection: Connection, limits: RepLimits): number {
  if (connection.principal === undefined) return STRANGER_BUFFER_BYTES;
  return connection.isHeld ? limits.outboundMaxBytes : limits.outboundHighBytes;
}
