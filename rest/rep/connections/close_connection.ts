import type { Step } from "../rep_state.ts";
import { CLOSE_CODES, type CloseCode } from "./close_codes.ts";
import type { Connection } from "./connection.ts";

/** Closes a connection and removes it from the state. */
export function closeConnection(
  step: Step,
  connection: Connection,
  code: CloseCode,
): void {
  if (connection.isClosed) return;
  const { closed } = step.state.counters;
  closed.set(code, (closed.get(code) ?? 0) + 1);
  const connectionId = connection.id;
  const reason = CLOSE_CODES[code];
  step.actions.push({ kind: "close", connectionId, code, reason });
  leave(step, connection);
}

/** Removes a connection whose socket is closed: its session stays; nobody waits for what it asked for without one (C52). */
export function leave(step: Step, connection: Connection): void {
  const { state } = step;
  connection.isClosed = true;
  state.connections.delete(connection.id);
  state.unauthenticated.delete(connection);
  state.slow.delete(connection);
  detach(step, connection);
  for (const { id } of connection.inFlight ?? []) {
    step.actions.push({ kind: "leave", submissionId: id });
  }
}

/** Detaches a connection from its session. The session stays without a connection. */
export function detach(step: Step, connection: Connection): void {
  const { session } = connection;
  connection.session = undefined;
  if (session === undefined || session.connectionId !== connection.id) return;
  session.connectionId = undefined;
  session.absentSinceMs = step.nowMs;
  step.state.store.shrink(session);
}
