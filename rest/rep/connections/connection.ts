import { InFlight } from "../sessions/in_flight.ts";
import type { Session } from "../sessions/session.ts";
import type { Presented, Principal } from "./principal.ts";
import type { SlidingWindow } from "./sliding_window.ts";

/** What is known of a connection when its socket opens. */
export interface ConnectionStart {
  /** Set when the upgrade itself carried a key (A1). */
  readonly principal: Principal | undefined;
  /** `rep.v1` was negotiated. */
  readonly hasOptedIn: boolean;
  /** Origins whose absolute URLs are taken as targets (C16), as `canonicalOrigin` spells them. */
  readonly origins: readonly string[];
  /** Checks what the special request shows; knows where this connection comes from. */
  readonly authorize: (presented: Presented) => Principal | undefined;
}

/** One socket's side of the conversation. */
export interface Connection {
  readonly id: number;
  readonly start: ConnectionStart;
  readonly openedAtMs: number;
  /** Undefined until it has said who it is. */
  principal: Principal | undefined;
  /** Whether the client asked for the extensions: replies may then carry more than plain REP knows. */
  hasOptedIn: boolean;
  session: Session | undefined;
  isClosed: boolean;
  /** Requests without an answer that belong to no session. */
  inFlight: InFlight | undefined;
  /** Frames before authentication that were neither PING nor authentication. */
  unauthenticatedFrames: number;
  malformed: SlidingWindow | undefined;
  refused: SlidingWindow | undefined;

  /** The newest reply of the session that was sent over this connection. */
  deliveredSeq: number;
  /** Replies up to this seq were there before the connection: redeliveries (B5). */
  redeliverUpToSeq: number;

  /** What the socket is thought to hold unsent: measured, plus what was sent since. */
  bufferedBytes: number;
  /** A measurement has been asked for. */
  isBeingMeasured: boolean;
  /** The reader is slow: session replies stay in the mailbox (F3). */
  isPaused: boolean;
  /** When the buffer of a slow reader last shrank (monotonic). */
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

/** Where this connection's requests are counted (F2): with its session, or by itself. */
export function inFlightOf(connection: Connection): InFlight {
  if (connection.session !== undefined) return connection.session.inFlight;
  connection.inFlight ??= new InFlight();
  return connection.inFlight;
}
