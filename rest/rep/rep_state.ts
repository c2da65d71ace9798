import type { Action } from "./actions.ts";
import type { Connection } from "./connections/connection.ts";
import type { RepLimits } from "./limits.ts";
import type { PendingRequest } from "./sessions/in_flight.ts";
import type { Session } from "./sessions/session.ts";
import type { SessionStore } from "./sessions/session_store.ts";

/** What the machine is told once. */
export interface RepSettings {
  readonly limits: RepLimits;
  /** Version for targets that name none. */
  readonly apiVersion: number;
  /** Request headers that may cross besides the audit reason, in lower case (E1). */
  readonly allowedHeaders: ReadonlySet<string>;
  /** Names this life of the proxy (B2). */
  readonly epoch: string;
  /** Names contents by their SHA-256, in at least 25 characters that may stand in a nonce. */
  readonly digest: (
    parts: ReadonlyArray<string | Uint8Array<ArrayBuffer>>,
  ) => string;
  /** Random text that no body contains by chance. */
  readonly boundary: () => string;
}

/** A request that was handed out, and where its answer belongs. */
export interface Submission extends PendingRequest {
  /** Where it came from, or where its session was ended. */
  connectionId: number;
  /** Undefined for a connection without a session, and for a session that was ended meanwhile. */
  session: Session | undefined;
}

/** What happened and had to be counted because nobody was told. */
export interface RepCounters {
  /** Replies for connections that were gone (C53). */
  repliesDropped: number;
  /** Frames without `req` that were not executed (C28, F2). */
  framesDropped: number;
  /** Sockets we closed, by code. */
  readonly closed: Map<number, number>;
}

/** The state of a machine that has just started: nobody is connected. */
export function newState(
  settings: RepSettings,
  store: SessionStore,
): RepState {
  return {
    settings,
    store,
    connections: new Map(),
    unauthenticated: new Set(),
    slow: new Set(),
    submissions: new Map(),
    counters: { repliesDropped: 0, framesDropped: 0, closed: new Map() },
    troubles: new Map(),
    lastConnectionId: 0,
    lastSubmissionId: 0,
    sweepAtMs: 0,
    pollAtMs: 0,
    drainAtMs: undefined,
  };
}

/** Everything the machine knows. */
export interface RepState {
  readonly settings: RepSettings;
  readonly store: SessionStore;
  readonly connections: Map<number, Connection>;
  /** Those that have not said who they are, oldest first. */
  readonly unauthenticated: Set<Connection>;
  /** Those whose readers are slow. */
  readonly slow: Set<Connection>;
  readonly submissions: Map<number, Submission>;
  readonly counters: RepCounters;
  /** Troubles that clients were told of, each with its moment, until it is over (G2). */
  readonly troubles: Map<string, number>;
  lastConnectionId: number;
  lastSubmissionId: number;
  sweepAtMs: number;
  pollAtMs: number;
  /** When what still runs is given up; undefined while not draining. */
  drainAtMs: number | undefined;
}

/** The connection that speaks for a session now, if there is one. */
export function connectionOf(
  { connections }: RepState,
  { connectionId }: Session,
): Connection | undefined {
  return connectionId === undefined ? undefined : connections.get(connectionId);
}

/** When something happens. */
export interface Moment {
  /** Monotonic. */
  readonly nowMs: number;
  /** Since 1970. */
  readonly wallMs: number;
}

/** One event being worked on: the state, the moment, and what is to be done. */
export interface Step {
  readonly state: RepState;
  readonly nowMs: number;
  readonly wallMs: number;
  readonly actions: Action[];
}
