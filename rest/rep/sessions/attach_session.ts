import { Refusal } from "../../domain/refusal.ts";
import { closeConnection, detach } from "../connections/close_connection.ts";
import type { Connection } from "../connections/connection.ts";
import type { Principal } from "../connections/principal.ts";
import type { RepLimits } from "../limits.ts";
import { connectionOf, type Step } from "../rep_state.ts";

/** What a client says about the session that it opens or resumes (B1). */
export interface SessionPreferences {
  readonly name: string;
  readonly expiryMs: number | undefined;
  /** The highest seq that the client has processed; undefined if it does not know. */
  readonly lastSeq: number | undefined;
}

const NAME = /^[A-Za-z0-9._:-]{1,64}$/;
const MS_PER_S = 1_000;

/** Reads what an authentication request says about a session; undefined if it names none. */
export function readSessionPreferences(
  { session, expiry, lastSeq }: Record<string, unknown>,
  limits: RepLimits,
): SessionPreferences | undefined {
  const seconds = numberOf(expiry, "expiry");
  const processed = numberOf(lastSeq, "lastSeq");
  if (session === undefined || session === null) return undefined;
  if (typeof session !== "string" || !NAME.test(session)) {
    throw new Refusal(
      "bad_data",
      "Invalid data: session must be 1 to 64 characters of A-Z a-z 0-9 . _ : -",
    );
  }
  return {
    name: session,
    expiryMs: seconds === undefined
      ? undefined
      : Math.min(seconds * MS_PER_S, limits.expiryMaxMs),
    lastSeq: processed,
  };
}

function numberOf(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value >= 0) return value;
  throw new Refusal(
    "bad_data",
    `Invalid data: ${name} must be a number that is not negative`,
  );
}

/**
 * Whether the session has a newer connection (B8). What was kept back while a
 * bot had no owner comes after what its client has sent since on another socket.
 */
export function isOvertaken(
  { state }: Step,
  connection: Connection,
  { owner }: Principal,
  { name }: SessionPreferences,
): boolean {
  const session = state.store.find(owner, name);
  const present = session && connectionOf(state, session);
  return present !== undefined &&
    present.authenticatedAtMs > connection.authenticatedAtMs;
}

/**
 * Attaches the connection to its session, or to a new one if none of that name
 * exists (B10). Returns whether it existed. Another connection that has the
 * session is closed (B8).
 */
export function attach(
  step: Step,
  connection: Connection,
  principal: Principal,
  { name, expiryMs, lastSeq }: SessionPreferences,
): boolean {
  const { store, settings } = step.state;
  const found = store.find(principal.owner, name);
  const session = found ??
    store.create(principal, name, expiryMs ?? settings.limits.expiryMs);
  if (session === undefined) {
    throw new Refusal(
      "too_many",
      `Cannot open session: at most ${settings.limits.sessionsPerKey} of one key are kept; end some`,
    );
  }
  if (expiryMs !== undefined && session.expiryMs !== expiryMs) {
    session.expiryMs = expiryMs;
    store.changed(session);
  }
  const isSame = session.connectionId === connection.id;
  if (!isSame) {
    const former = connectionOf(step.state, session);
    if (former !== undefined) closeConnection(step, former, 4409);
    detach(step, connection);
    session.connectionId = connection.id;
    connection.session = session;
  }
  const { mailbox } = session;
  // A client that authenticates again on the same connection has the replies it was sent.
  const processed = lastSeq ?? (isSame ? connection.deliveredSeq : 0);
  connection.deliveredSeq = Math.min(
    Math.max(processed, mailbox.ackedSeq),
    mailbox.seq,
  );
  connection.redeliverUpToSeq = mailbox.seq;
  return found !== undefined;
}
