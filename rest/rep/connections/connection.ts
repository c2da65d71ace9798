import { InFlight } from "../sessions/in_flight.ts";
import type { Session } from "../sessions/session.ts";
import type { Presented, Principal } from "./principal.ts";
import type { SlidingWindow } from "./sliding_window.ts";

/** What the upgrade told about a connection. */
export interface ConnectionStart {
  /** Set if the upgrade had a key (A1). */
  readonly principal: Principal | undefined;
  /** Whether the client negotiated `rep.v1`. */
  readonly hasOptedIn: boolean;
  /** Origins whose absolute URLs may be targets (C16), as `canonicalOrigin` spells them. */
  readonly origins: readonly string[];
  /** For how long its authentication request was kept back until it could be heard; undefined: none was. */
  readonly keptBackMs?: number | undefined;
  /** Checks the key of an authentication request on this connection. */
  readonly authorize: (presented: Presented) => Principal | undefined;
}

/** The state of one connection. */
export interface Connection {
  readonly id: number;
  readonly start: ConnectionStart;
  readonly openedAtMs: number;
  /** Undefined until it has authenticated. */
  principal: Principal | undefined;
  /** Whether the client has opted in: replies may then have more members than plain REP knows. */
  hasOptedIn: boolean;
  session: Session | undefined;
  /** When its next authentication request came, if that was kept back until the connection was opened (monotonic). */
  keptSinceMs: number | undefined;
  /** When its client authenticated, wherever it was heard first (monotonic). */
  authenticatedAtMs: number;
  isClosed: boolean;
  /** Requests without an answer, if the connection has no session. */
  inFlight: InFlight | undefined;
  /** Frames before authentication that were neither PING nor an authentication request. */
  unauthenticatedFrames: number;
  malformed: SlidingWindow | undefined;
  refused: SlidingWindow | undefined;

  /** The seq of the newest reply that was sent over this connection. */
  deliveredSeq: number;
  /** Replies up to this seq are older than the connection and count as redelivered (B5). */
  redeliverUpToSeq: number;

  /** Estimate of the bytes that the socket has not sent: the last measurement and what was sent since. */
  bufferedBytes: number;
  /** Whether a measurement was asked for and has not come back. */
  isBeingMeasured: boolean;
  /** Whether its client reads slowly: the replies of its session stay in the mailbox (F3). */
  isPaused: boolean;
  /** When the buffer of a paused connection last shrank (monotonic). */
  progressAtMs: number;
}

/** A connection whose socket has just opened. */
export function newConnection(
  id: number,
  start: ConnectionStart,
  nowMs: number,
): Connection {
  return {
    id,
    start,
    openedAtMs: nowMs,
    principal: start.principal,
    hasOptedIn: start.hasOptedIn,
    session: undefined,
    keptSinceMs: start.keptBackMs === undefined
      ? undefined
      : nowMs - start.keptBackMs,
    authenticatedAtMs: nowMs,
    isClosed: false,
    inFlight: undefined,
    unauthenticatedFrames: 0,
    malformed: undefined,
    refused: undefined,
    deliveredSeq: 0,
    redeliverUpToSeq: 0,
    bufferedBytes: 0,
    isBeingMeasured: false,
    isPaused: false,
    progressAtMs: 0,
  };
}

/** The requests without an answer that count for a connection: those of its session, or its own (F2). */
export function inFlightOf(connection: Connection): InFlight {
  if (connection.session !== undefined) return connection.session.inFlight;
  connection.inFlight ??= new InFlight();
  return connection.inFlight;
}
