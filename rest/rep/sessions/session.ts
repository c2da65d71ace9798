import { InFlight } from "./in_flight.ts";
import { Mailbox } from "./mailbox.ts";

/** What is known of a request by its name (I1 to I5). */
export interface KnownRequest {
  /** Tells a re-sent frame from another one under the same name (I4). */
  readonly fingerprint: string;
  /** The submission that runs; undefined once there is a reply. */
  submissionId: number | undefined;
  /** The reply's seq, 0 while there is none. */
  seq: number;
}

/** A conversation that outlives its connections. */
export interface Session {
  /** The key it belongs to (B1). */
  readonly owner: string;
  readonly name: string;
  readonly mailbox: Mailbox;
  readonly known: Map<string, KnownRequest>;
  readonly inFlight: InFlight;
  expiryMs: number;
  /** The connection that speaks for it now. */
  connectionId: number | undefined;
  /** Since when it has none (monotonic). */
  absentSinceMs: number;
  hasEnded: boolean;
}

/** An empty session that no connection speaks for yet. */
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
