import { Refusal } from "../../domain/refusal.ts";
import { closeConnection } from "../connections/close_connection.ts";
import type { Connection } from "../connections/connection.ts";
import type { Presented, Principal } from "../connections/principal.ts";
import { dataOf, type Frame } from "../frames/frame.ts";
import type { Step } from "../rep_state.ts";
import {
  attach,
  isOvertaken,
  readSessionPreferences,
} from "../sessions/attach_session.ts";
import { deliver } from "../sessions/deliver.ts";
import { answer, refuse } from "./own_replies.ts";

/** Version of the extensions: `rep.v1` (J1). */
const VERSION = 1;

/** Serves the authentication request (A3): who the client is, and which extensions and session it wants. */
export function authenticate(
  step: Step,
  connection: Connection,
  frame: Frame,
): void {
  const data = dataOf(frame);
  const principal = principalOf(connection, data);
  if (principal === undefined) {
    const refusal = new Refusal("unauthorized", "Invalid authorization key.");
    refuse(step, connection, frame, refusal);
    return closeConnection(step, connection, 4403);
  }
  // All members are checked before the state changes.
  const preferences = readSessionPreferences(data, step.state.settings.limits);
  connection.principal = principal;
  step.state.unauthenticated.delete(connection);
  connection.authenticatedAtMs = connection.keptSinceMs ?? step.nowMs;
  connection.keptSinceMs = undefined;
  if (
    preferences !== undefined &&
    isOvertaken(step, connection, principal, preferences)
  ) return closeConnection(step, connection, 4409);
  if (data["ext"] === true || preferences !== undefined) {
    connection.hasOptedIn = true;
  }
  const isResumed = preferences !== undefined &&
    attach(step, connection, principal, preferences);
  answer(step, connection, frame, 200, factsOf(step, connection, isResumed));
  if (connection.session !== undefined) deliver(step, connection.session);
}

/** Undefined: the caller knows no key. A connection that is authenticated keeps its principal (A7). */
function principalOf(
  connection: Connection,
  data: Record<string, unknown>,
): Principal | undefined {
  const known = connection.principal;
  if (known !== undefined && data["token"] === undefined) return known;
  const presented = presentedBy(data);
  const shown = presented && connection.start.authorize(presented);
  if (known !== undefined && shown?.owner !== known.owner) {
    throw new Refusal(
      "forbidden",
      "This connection belongs to another key; open one of your own",
    );
  }
  return shown;
}

/** The credentials in the data of an authentication request; undefined where there is no token. */
export function presentedBy(
  { token, authorization, client }: Record<string, unknown>,
): Presented | undefined {
  if (typeof token !== "string") return undefined;
  return {
    token,
    authorization: textOf(authorization, "authorization"),
    client: textOf(client, "client"),
  };
}

function textOf(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw new Refusal("bad_data", `Invalid data: ${name} must be a string`);
}

/** What the REPLY tells a client about its session and its limits (B2, F1). */
function factsOf(
  { state }: Step,
  { session, inFlight, deliveredSeq }: Connection,
  isResumed: boolean,
): Record<string, unknown> {
  const { limits, epoch, isDurable = false } = state.settings;
  const mailbox = session?.mailbox;
  return {
    version: VERSION,
    session: session?.name ?? null,
    resumed: isResumed,
    epoch,
    ...session !== undefined && isDurable ? { durable: true } : {},
    seq: mailbox?.seq ?? 0,
    redeliver: mailbox?.countAbove(deliveredSeq) ?? 0,
    lost: mailbox?.lost ?? 0,
    inFlight: (session?.inFlight ?? inFlight)?.answerable ?? 0,
    limits: {
      maxPayload: limits.maxPayloadBytes,
      maxInFlight: limits.maxInFlight,
      mailbox: limits.mailboxReplies,
      pingInterval: limits.pingIntervalMs,
    },
  };
}
