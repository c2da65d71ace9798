import type { Step } from "../rep_state.ts";
import { deliver } from "../sessions/deliver.ts";
import { closeConnection } from "./close_connection.ts";
import type { Connection } from "./connection.ts";
import { measure, UNAUTHENTICATED_BUFFER_BYTES } from "./outbound.ts";

/** Notes how many bytes a socket has not sent, and pauses, resumes or closes its connection (F3). */
export function noteBuffered(
  step: Step,
  connection: Connection,
  bytes: number,
): void {
  const { state, nowMs } = step;
  const { limits } = state.settings;
  const hasShrunk = bytes < connection.bufferedBytes;
  connection.isBeingMeasured = false;
  connection.bufferedBytes = bytes;
  const maxBytes = connection.principal === undefined
    ? UNAUTHENTICATED_BUFFER_BYTES
    : limits.outboundMaxBytes;
  if (bytes > maxBytes) return closeConnection(step, connection, 4413);
  if (!connection.isPaused) {
    if (bytes > limits.outboundHighBytes) pause(step, connection);
  } else if (bytes < limits.outboundLowBytes) {
    connection.isPaused = false;
    state.slow.delete(connection);
  } else if (hasShrunk) {
    connection.progressAtMs = nowMs;
  } else if (nowMs - connection.progressAtMs >= limits.outboundStalledMs) {
    return closeConnection(step, connection, 4413);
  }
  if (connection.session !== undefined) deliver(step, connection.session);
}

function pause(step: Step, connection: Connection): void {
  const { state, nowMs } = step;
  if (state.slow.size === 0) {
    state.pollAtMs = nowMs + state.settings.limits.outboundPollMs;
  }
  connection.isPaused = true;
  connection.progressAtMs = nowMs;
  state.slow.add(connection);
}

/** Measures all slow readers again; where they buffer too much together, the slowest is closed. */
export function pollSlowReaders(step: Step): void {
  const { state, nowMs } = step;
  const { limits } = state.settings;
  state.pollAtMs = nowMs + limits.outboundPollMs;
  let totalBytes = 0;
  let slowest: Connection | undefined;
  for (const connection of state.slow) {
    totalBytes += connection.bufferedBytes;
    const most = slowest?.bufferedBytes ?? 0;
    if (connection.bufferedBytes > most) slowest = connection;
    measure(step, connection);
  }
  if (totalBytes > limits.outboundTotalBytes && slowest !== undefined) {
    closeConnection(step, slowest, 4413);
  }
}
