import { Refusal } from "../../domain/refusal.ts";
import { closeConnection } from "../connections/close_connection.ts";
import type { Connection } from "../connections/connection.ts";
import { push } from "../connections/outbound.ts";
import { SlidingWindow } from "../connections/sliding_window.ts";
import { dataOf, type Frame, readBytes, readText } from "../frames/frame.ts";
import { readPath, readVerb } from "../frames/request_line.ts";
import { ownTargetOf } from "../frames/target.ts";
import { isLongerThan } from "../frames/utf8.ts";
import type { Step } from "../rep_state.ts";
import type { Presented } from "../connections/principal.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { authenticate, presentedBy } from "./authenticate.ts";
import { refuse, refuseMalformed } from "./own_replies.ts";
import { checkReq, serveFrame } from "./serve_frame.ts";

/** A message of a socket: text, or the bytes of a binary frame. */
export type Message = string | Uint8Array<ArrayBuffer>;

/** Handles a message of a client: PING, a malformed message or a frame. */
export function receive(
  step: Step,
  connection: Connection,
  message: Message,
): void {
  if (message === "PING") return push(step, connection, "PONG");
  const { limits } = step.state.settings;
  const { principal } = connection;
  const maxBytes = principal === undefined
    ? limits.unauthenticatedFrameBytes
    : limits.maxPayloadBytes;
  if (isTooBig(message, maxBytes)) {
    return closeConnection(step, connection, 1009);
  }
  const frame = typeof message === "string"
    ? readText(message)
    : readBytes(message, connection.hasOptedIn);
  if (frame === undefined) return receiveMalformed(step, connection);
  if (principal === undefined) {
    return receiveUnauthenticated(step, connection, frame);
  }
  // The server asks clients nothing, so a REPLY answers nothing (C36).
  if (isReply(frame)) return;
  serveFrame(step, connection, principal, frame);
}

function isTooBig(message: Message, maxBytes: number): boolean {
  return typeof message === "string"
    ? isLongerThan(message, maxBytes)
    : message.byteLength > maxBytes;
}

function isReply({ members: { method } }: Frame): boolean {
  return typeof method === "string" && method.toUpperCase() === "REPLY";
}

function receiveMalformed(step: Step, connection: Connection): void {
  const { limits } = step.state.settings;
  connection.malformed ??= new SlidingWindow(
    limits.malformedFrames,
    limits.malformedWindowMs,
  );
  if (connection.malformed.isExceededAt(step.nowMs)) {
    return closeConnection(step, connection, 4400);
  }
  if (
    connection.principal === undefined &&
    countUnauthenticatedFrame(step, connection)
  ) {
    return closeConnection(step, connection, 4401);
  }
  const refusal = new Refusal("bad_frame", "Invalid request");
  refuseMalformed(step, connection, refusal);
}

/** Handles a frame before authentication: only an authentication request is served (A5). */
function receiveUnauthenticated(
  step: Step,
  connection: Connection,
  frame: Frame,
): void {
  try {
    if (isAuthentication(frame, connection.start.origins)) {
      checkReq(step, frame);
      return authenticate(step, connection, frame);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuse(step, connection, frame, error);
  }
  if (countUnauthenticatedFrame(step, connection)) {
    return closeConnection(step, connection, 4401);
  }
  if (isReply(frame)) return;
  const refusal = new Refusal(
    "unauthorized",
    "Authenticate first: ACTION /_rep/auth with data.token",
  );
  refuse(step, connection, frame, refusal);
}

/** Counts a frame before authentication; true if it is one too many (A5). */
function countUnauthenticatedFrame(
  { state }: Step,
  connection: Connection,
): boolean {
  return ++connection.unauthenticatedFrames >
    state.settings.limits.unauthenticatedFrames;
}

/** What a message presents as authentication; undefined where it is no such request, or one to be refused. */
export function presentedIn(
  message: Message,
  origins: readonly string[],
): Presented | undefined {
  if (isTooBig(message, DEFAULT_LIMITS.unauthenticatedFrameBytes)) {
    return undefined;
  }
  const frame = typeof message === "string"
    ? readText(message)
    : readBytes(message, NO_FILES);
  if (frame === undefined || !isAuthentication(frame, origins)) {
    return undefined;
  }
  return presentedBy(dataOf(frame));
}

/** Nobody sends files before it has authenticated. */
const NO_FILES = false;

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
