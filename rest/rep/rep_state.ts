import { PackedBytes } from "../collections/packed_bytes.ts";
import type { Action } from "./actions.ts";
import type { Connection } from "./connections/connection.ts";
import type { RepLimits } from "./limits.ts";
import type { PendingRequest } from "./sessions/in_flight.ts";
import type { Session } from "./sessions/session.ts";
import type { SessionStore } from "./sessions/session_store.ts";

/** Settings of the machine; they never change. */
export interface RepSettings {
  readonly limits: RepLimits;
  /** API version of targets that name none. */
  readonly apiVersion: number;
  /** Request headers that may cross besides the audit reason, in lower case (E1). */
  readonly allowedHeaders: ReadonlySet<string>;
  /** Another one after each start of the proxy (B2). */
  readonly epoch: string;
  /** Sessions and their requests outlive the process (B12). */
  readonly isDurable?: boolean | undefined;
  /** The SHA-256 of all parts together, as at least 25 characters that Discord takes in a nonce. */
  readonly digest: (
    parts: ReadonlyArray<string | Uint8Array<ArrayBuffer>>,
  ) => string;
  /** A new random boundary for a multipart body. */
  readonly boundary: () => string;
}

/** A request that was submitted, and whom its answer is for. */
export interface Submission extends PendingRequest {
  /** The connection that it came from, or that ended its session. */
  connectionId: number;
  /** Undefined for a connection without a session, and for a session that was ended meanwhile. */
  session: Session | undefined;
}

/** Counts of what no client was told. */
export interface RepCounters {
  /** Replies whose connection was closed (C53). */
  repliesDropped: number;
  /** Frames without `req` that were not executed (C28, F2). */
  framesDropped: number;
  /** Connections that the server closed, by code. */
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
    bodies: new PackedBytes(),
    counters: { repliesDropped: 0, framesDropped: 0, closed: new Map() },
    troubles: new Map(),
    lastConnectionId: 0,
    lastSubmissionId: 0,
    sweepAtMs: 0,
    pollAtMs: 0,
    isDrainTold: false,
    drainAtMs: undefined,
  };
}

/** The whole state of the machine. */
export interface RepState {
  readonly settings: RepSettings;
  readonly store: SessionStore;
  readonly connections: Map<number, Connection>;
  /** Connections that have not authenticated, oldest first. */
  readonly unauthenticated: Set<Connection>;
  /** Paused connections: their clients read slowly. */
  readonly slow: Set<Connection>;
  readonly submissions: Map<number, Submission>;
  /** Where the bodies of requests stand. */
  readonly bodies: PackedBytes;
  readonly counters: RepCounters;
  /** Problems that clients were told of and that are not over, with the moment of the notice (G2). */
  readonly troubles: Map<string, number>;
  lastConnectionId: number;
  lastSubmissionId: number;
  sweepAtMs: number;
  pollAtMs: number;
  /** Clients know that the proxy will end. */
  isDrainTold: boolean;
  /** When every connection is closed at the latest; until this is known, requests are accepted. */
  drainAtMs: number | undefined;
}

/** The connection that speaks for a session now, if there is one. */
export function connectionOf(
  { connections }: RepState,
  { connectionId }: Session,
): Connection | undefined {
  return connectionId === undefined ? undefined : connections.get(connectionId);
}

/** The moment of an event, on both clocks. */
export interface Moment {
  /** Monotonic. */
  readonly nowMs: number;
  /** Since 1970. */
  readonly wallMs: number;
}

/** The handling of one event: the state, the moment, and the actions so far. */
export interface Step {
  readonly state: RepState;
  readonly nowMs: number;
  readonly wallMs: number;
  readonly actions: Action[];
}
