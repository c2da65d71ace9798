import { closeConnection } from "../connections/close_connection.ts";
import type { Connection } from "../connections/connection.ts";
import { pollSlowReaders } from "../connections/slow_readers.ts";
import type { RepState, Step } from "../rep_state.ts";

/** Sessions live for minutes; looking once a second is soon enough. */
const SWEEP_MS = 1_000;

/** What is given up at the deadline of a drain is answered too, just after it. */
export const DRAIN_GRACE_MS = 250;

/** When the next thing is due that no message brings about. */
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

/** Does whatever is due. */
export function tick(step: Step): void {
  const { state, nowMs } = step;
  closeLateUnauthenticated(step);
  if (state.slow.size > 0 && nowMs >= state.pollAtMs) pollSlowReaders(step);
  if (nowMs >= state.sweepAtMs) sweepSessions(step);
  if (state.drainAtMs !== undefined && nowMs >= state.drainAtMs) closeAll(step);
}

/** All are given equally long, so the first that is not late ends the walk (A6). */
function closeLateUnauthenticated(step: Step): void {
  const { unauthenticated, settings } = step.state;
  for (const connection of unauthenticated) {
    const { authDeadlineMs } = settings.limits;
    if (step.nowMs < connection.openedAtMs + authDeadlineMs) return;
    closeConnection(step, connection, 4408);
  }
}

/** Forgets what was acknowledged long ago, and sessions nobody came back to (B7, I5). */
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

/** Whether the drain has nothing left to wait for (G3). */
export function isDrained({ drainAtMs, submissions }: RepState): boolean {
  return drainAtMs !== undefined && submissions.size === 0;
}

/** The end of a drain: every client is told to come back (1012). */
export function closeAll(step: Step): void {
  const connections: Connection[] = [...step.state.connections.values()];
  for (const connection of connections) closeConnection(step, connection, 1012);
}
