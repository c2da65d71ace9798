import { closeConnection } from "../connections/close_connection.ts";
import type { Connection } from "../connections/connection.ts";
import { pollSlowReaders } from "../connections/slow_readers.ts";
import type { RepState, Turn } from "../rep_state.ts";

/** Sessions live for minutes; looking once a second is soon enough. */
const SWEEP_MS = 1_000;

/** What is given up at the deadline of a drain is answered too, just after it. */
export const DRAIN_GRACE_MS = 250;

/** When the next thing is due that no message brings about. */
export function nextWakeAtMs(state: RepState): number | undefined {
  const { strangers, slow, store, settings, drainAtMs } = state;
  let wakeAtMs = state.connections.size > 0 ? drainAtMs ?? Infinity : Infinity;
  const [oldest] = strangers;
  if (oldest !== undefined) {
    const deadlineAtMs = oldest.openedAtMs + settings.limits.authDeadlineMs;
    wakeAtMs = Math.min(wakeAtMs, deadlineAtMs);
  }
  if (slow.size > 0) wakeAtMs = Math.min(wakeAtMs, state.pollAtMs);
  if (store.size > 0) wakeAtMs = Math.min(wakeAtMs, state.sweepAtMs);
  return wakeAtMs === Infinity ? undefined : wakeAtMs;
}

/** Does whatever is due. */
export function tick(turn: Turn): void {
  const { state, nowMs } = turn;
  closeLateStrangers(turn);
  if (state.slow.size > 0 && nowMs >= state.pollAtMs) pollSlowReaders(turn);
  if (nowMs >= state.sweepAtMs) sweepSessions(turn);
  if (state.drainAtMs !== undefined && nowMs >= state.drainAtMs) closeAll(turn);
}

/** All are given equally long, so the first that is not late ends the walk (A6). */
function closeLateStrangers(turn: Turn): void {
  const { strangers, settings } = turn.state;
  for (const connection of strangers) {
    const { authDeadlineMs } = settings.limits;
    if (turn.nowMs < connection.openedAtMs + authDeadlineMs) return;
    closeConnection(turn, connection, 4408);
  }
}

/** Forgets what was acknowledged long ago, and sessions nobody came back to (B7, I5). */
function sweepSessions({ state, nowMs }: Turn): void {
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
export function closeAll(turn: Turn): void {
  const connections: Connection[] = [...turn.state.connections.values()];
  for (const connection of connections) closeConnection(turn, connection, 1012);
}
