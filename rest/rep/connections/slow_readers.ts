import type { Turn } from "../rep_state.ts";
import { deliver } from "../sessions/deliver.ts";
import { closeConnection } from "./close_connection.ts";
import type { Connection } from "./connection.ts";
import { measure, STRANGER_BUFFER_BYTES } from "./outbound.ts";

/** Takes note of what a socket really holds unsent, and draws the consequences (F3). */
export function noteBuffered(
  turn: Turn,
  connection: Connection,
  bytes: number,
): void {
  const { state, nowMs } = turn;
  const { limits } = state.settings;
  const hasShrunk = bytes < connection.bufferedBytes;
  connection.isBeingMeasured = false;
  connection.bufferedBytes = bytes;
  const maxBytes = connection.principal === undefined
    ? STRANGER_BUFFER_BYTES
    : limits.outboundMaxBytes;
  if (bytes > maxBytes) return closeConnection(turn, connection, 4413);
  if (!connection.isHeld) {
    if (bytes > limits.outboundHighBytes) hold(turn, connection);
  } else if (bytes < limits.outboundLowBytes) {
    connection.isHeld = false;
    state.slow.delete(connection);
  } else if (hasShrunk) {
    connection.progressAtMs = nowMs;
  } else if (nowMs - connection.progressAtMs >= limits.outboundStalledMs) {
    return closeConnection(turn, connection, 4413);
  }
  if (connection.session !== undefined) deliver(turn, connection.session);
}

function hold(turn: Turn, connection: Connection): void {
  const { state, nowMs } = turn;
  if (state.slow.size === 0) {
    state.pollAtMs = nowMs + state.settings.limits.outboundPollMs;
  }
  connection.isHeld = true;
  connection.progressAtMs = nowMs;
  state.slow.add(connection);
}

/** Looks at all slow readers again; where they hold too much together, the slowest goes. */
export function pollSlowReaders(turn: Turn): void {
  const { state, nowMs } = turn;
  const { limits } = state.settings;
  state.pollAtMs = nowMs + limits.outboundPollMs;
  let totalBytes = 0;
  let slowest: Connection | undefined;
  for (const connection of state.slow) {
    totalBytes += connection.bufferedBytes;
    const most = slowest?.bufferedBytes ?? 0;
    if (connection.bufferedBytes > most) slowest = connection;
    measure(turn, connection);
  }
  if (totalBytes > limits.outboundTotalBytes && slowest !== undefined) {
    closeConnection(turn, slowest, 4413);
  }
}
