import { InFlight } from "./in_flight.ts";
import { Mailbox } from "./mailbox.ts";

/** A request that its session remembers by its `req` (I1 to I5). */
export interface KnownRequest {
  /** Distinguishes a repeated request from another one with the same `req` (I4). */
  readonly fingerprint: string;
  /** The submission without an answer; undefined once there is a reply. */
  submissionId: number | undefined;
  /** The seq of the reply; 0 while there is none. */
  seq: number;
}

/** A session: it outlives its connections (B). */
export interface Session {
  /** The key and token that it belongs to (B1). */
  readonly owner: string;
  readonly name: string;
  readonly mailbox: Mailbox;
  readonly known: Map<string, KnownRequest>;
  readonly inFlight: InFlight;
  expiryMs: number;
  /** The connection that has the session now; undefined if its client is not connected. */
  connectionId: number | undefined;
  /** Since when it has no connection (monotonic). */
  absentSinceMs: number;
  hasEnded: boolean;
}

/** A new session without replies and without a connection. */
export function newSession(
  owner: string,
  name: string,
  expiryMs: number,
): Session {
  return {
    owner,
    name,
    mailbox: new Mailbox(),
    known: new Map(),
    inFlight: new InFlight(),
    expiryMs,
    connectionId: undefined,
    absentSinceMs: 0,
    hasEnded: false,
  };
}
