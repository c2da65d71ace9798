import { closeConnection } from "../connections/close_connection.ts";
import type { Connection } from "../connections/connection.ts";
import { pollSlowReaders } from "../connections/slow_readers.ts";
import type { RepState, Step } from "../rep_state.ts";

/** Sessions are checked once a second: they live for minutes. */
const SWEEP_MS = 1_000;

/** Requests that are abandoned at the deadline of a drain are answered just after it. */
export const DRAIN_GRACE_MS = 250;

/** When the next event is due that depends on time alone; undefined if none is. */
export function nextWakeAtMs(state: RepState): number | undefined {
  const { unauthenticated, slow, store, settings, drainAtMs } = state;
  let wakeAtMs = state.connections.size > 0 ? drainAtMs ?? Infinity : Infinity;
  const [oldest] = unauthenticated;
  if (oldest !== undefined) {
    const deadlineAtMs = oldest.openedAtMs + settings.limits.authDeadlineMs;
    wakeAtMs = Math.min(wakeAtMs, deadlineAtMs);
  }
  if (slow.size > 0) wakeAtMs = Math.min(wakeAtMs, state.pollAtMs);
  if (store.size > 0) wakeAtMs = Math.min(wakeAtMs, state.sweepAtMs);
  return wakeAtMs === Infinity ? undefined : wakeAtMs;
}

/** Handles everything that is due. */
export function tick(step: Step): void {
  const { state, nowMs } = step;
  closeLateUnauthenticated(step);
  if (state.slow.size > 0 && nowMs >= state.pollAtMs) pollSlowReaders(step);
  if (nowMs >= state.sweepAtMs) sweepSessions(step);
  if (state.drainAtMs !== undefined && nowMs >= state.drainAtMs) closeAll(step);
}

/** Closes connections that did not authenticate in time. All have the same time, so the first one in time ends the loop (A6). */
function closeLateUnauthenticated(step: Step): void {
  const { unauthenticated, settings } = step.state;
  for (const connection of unauthenticated) {
    const { authDeadlineMs } = settings.limits;
    if (step.nowMs < connection.openedAtMs + authDeadlineMs) return;
    closeConnection(step, connection, 4408);
  }
}

/** Ends expired sessions, and forgets replies that were acknowledged long ago (B7, I5). */
function sweepSessions({ state, nowMs }: Step): void {
  const { store } = state;
  state.sweepAtMs = nowMs + SWEEP_MS;
  for (const session of store.all()) {
    const isExpired = session.connectionId === undefined &&
      nowMs - session.absentSinceMs >= session.expiryMs;
    if (isExpired) store.end(session);
    else store.prune(session, nowMs);
  }
}

/** Whether a drain has no request left to wait for (G3). */
export function isDrained({ drainAtMs, submissions }: RepState): boolean {
  return drainAtMs !== undefined && submissions.size === 0;
}

/** Ends a drain: closes every connection with 1012, after which clients reconnect. */
export function closeAll(step: Step): void {
  const connections: Connection[] = [...step.state.connections.values()];
  for (const connection of connections) closeConnection(step, connection, 1012);
}
