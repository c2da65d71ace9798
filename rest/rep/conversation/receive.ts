import { Refusal } from "../../domain/refusal.ts";
import { closeConnection } from "../connections/close_connection.ts";
import type { Connection } from "../connections/connection.ts";
import { push } from "../connections/outbound.ts";
import { SlidingWindow } from "../connections/sliding_window.ts";
import { type Frame, readBytes, readText } from "../frames/frame.ts";
import { readPath, readVerb } from "../frames/request_line.ts";
import { ownTargetOf } from "../frames/target.ts";
import { isLongerThan } from "../frames/utf8_length.ts";
import type { Turn } from "../rep_state.ts";
import { authenticate } from "./authenticate.ts";
import { refuse, refuseMalformed } from "./own_replies.ts";
import { checkReq, serveFrame } from "./serve_frame.ts";

/** One message as the socket gave it: text, or the bytes of a binary frame. */
export type Message = string | Uint8Array<ArrayBuffer>;

/** Takes one message of a client. */
export function receive(
  turn: Turn,
  connection: Connection,
  message: Message,
): void {
  if (message === "PING") return push(turn, connection, "PONG");
  const { limits } = turn.state.settings;
  const { principal } = connection;
  const maxBytes = principal === undefined
    ? limits.strangerFrameBytes
    : limits.maxPayloadBytes;
  if (isTooBig(message, maxBytes)) {
    return closeConnection(turn, connection, 1009);
  }
  const frame = typeof message === "string"
    ? readText(message)
    : readBytes(message, connection.hasOptedIn);
  if (frame === undefined) return receiveMalformed(turn, connection);
  if (principal === undefined) return receiveStray(turn, connection, frame);
  // Whatever a reply says, nobody asked for it (C36).
  if (isReply(frame)) return;
  serveFrame(turn, connection, principal, frame);
}

function isTooBig(message: Message, maxBytes: number): boolean {
  return typeof message === "string"
    ? isLongerThan(message, maxBytes)
    : message.byteLength > maxBytes;
}

function isReply({ members: { method } }: Frame): boolean {
  return typeof method === "string" && method.toUpperCase() === "REPLY";
}

function receiveMalformed(turn: Turn, connection: Connection): void {
  const { limits } = turn.state.settings;
  connection.malformed ??= new SlidingWindow(
    limits.malformedFrames,
    limits.malformedWindowMs,
  );
  if (connection.malformed.isExceededAt(turn.nowMs)) {
    return closeConnection(turn, connection, 4400);
  }
  if (connection.principal === undefined && isStrayTooMany(turn, connection)) {
    return closeConnection(turn, connection, 4401);
  }
  const refusal = new Refusal("bad_frame", "Invalid request");
  refuseMalformed(turn, connection, refusal);
}

/** A frame before authentication: that is what it must be for (A5). */
function receiveStray(turn: Turn, connection: Connection, frame: Frame): void {
  try {
    if (isAuthentication(frame, connection.start.origins)) {
      checkReq(turn, frame);
      return authenticate(turn, connection, frame);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuse(turn, connection, frame, error);
  }
  if (isStrayTooMany(turn, connection)) {
    return closeConnection(turn, connection, 4401);
  }
  if (isReply(frame)) return;
  const refusal = new Refusal(
    "unauthorized",
    "Authenticate first: ACTION /_rep/auth with data.token",
  );
  refuse(turn, connection, frame, refusal);
}

function isStrayTooMany({ state }: Turn, connection: Connection): boolean {
  return ++connection.strayFrames > state.settings.limits.strangerFrames;
}

function isAuthentication(frame: Frame, origins: readonly string[]): boolean {
  if (isReply(frame)) return false;
  try {
    return ownTargetOf(readPath(frame, origins)) === "auth" &&
      readVerb(frame) === "ACTION";
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
