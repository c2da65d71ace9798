import { connectionOf, type RepState } from "../rep_state.ts";
import type { Session } from "./session.ts";

/** A session, as operators are shown it; nothing in it is secret. */
export interface SessionView {
  readonly name: string;
  /** The name of the key that it belongs to. */
  readonly key: string;
  readonly identityId: string;
  readonly isConnected: boolean;
  /** How long it has been connected, or away. */
  readonly sinceMs: number;
  /** Replies that its client has not acknowledged. */
  readonly unacked: number;
  /** What its replies take in memory. */
  readonly bytes: number;
  /** Requests without an answer. */
  readonly inFlight: number;
}

/** The sessions with most to fetch, then those with most under way; at most so many. */
export function sessionViews(
  state: RepState,
  max: number,
  nowMs: number,
): readonly SessionView[] {
  return [...state.store.all()]
    .sort((a, b) =>
      b.mailbox.unacked - a.mailbox.unacked || inFlight(b) - inFlight(a)
    )
    .slice(0, max)
    .map((session) => viewOf(state, session, nowMs));
}

function viewOf(state: RepState, session: Session, nowMs: number): SessionView {
  const { name, owner, identityId, mailbox } = session;
  const connection = connectionOf(state, session);
  const sinceAtMs = connection?.openedAtMs ?? session.absentSinceMs;
  return {
    name,
    key: owner.split(" ", 1)[0] ?? "",
    identityId,
    isConnected: connection !== undefined,
    sinceMs: Math.max(0, nowMs - sinceAtMs),
    unacked: mailbox.unacked,
    bytes: mailbox.bytes,
    inFlight: inFlight(session),
  };
}

function inFlight({ inFlight: { answerable, silent } }: Session): number {
  return answerable + silent;
}
