import { Names } from "../../idempotency/names.ts";
import { InFlight, type PendingRequest } from "./in_flight.ts";
import { type KeptReply, Mailbox } from "./mailbox.ts";

/** A session: it outlives its connections (B). */
export interface Session {
  /** The key, the token and the bot that it belongs to (B1). */
  readonly owner: string;
  /** The identity of the token or bot. */
  readonly identityId: string;
  readonly name: string;
  readonly mailbox: Mailbox;
  /** Its requests by the keys of their `req`s, or their replies, once there are any (I1 to I5). */
  readonly known: Names<PendingRequest | KeptReply>;
  readonly inFlight: InFlight;
  /** Replies up to this one may be sent: their numbers will not be given again. */
  storedSeq: number;
  expiryMs: number;
  /** The connection that has the session now; undefined if its client is not connected. */
  connectionId: number | undefined;
  /** Since when it has no connection (monotonic). */
  absentSinceMs: number;
  hasEnded: boolean;
}

/** Whom a session belongs to. */
export type SessionOwner = Pick<Session, "owner" | "identityId">;

/** A new session without replies and without a connection. */
export function newSession(
  { owner, identityId }: SessionOwner,
  name: string,
  expiryMs: number,
): Session {
  return {
    owner,
    identityId,
    name,
    mailbox: new Mailbox(),
    known: new Names(
      "req_reused",
      "req already used for a different request",
    ),
    inFlight: new InFlight(),
    storedSeq: 0,
    expiryMs,
    connectionId: undefined,
    absentSinceMs: 0,
    hasEnded: false,
  };
}
