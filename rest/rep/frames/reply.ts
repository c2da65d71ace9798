import type { Refusal } from "../../domain/refusal.ts";
import { refusalBody } from "../../domain/refusal_body.ts";

/** A reply to one frame; its values are JSON texts. */
export interface Reply {
  /** The frame's target as the client spelt it. */
  readonly targetText: string;
  readonly status: number;
  readonly bodyText: string;
  /** Undefined if the frame had no `req` that could be read. */
  readonly reqText: string | undefined;
}

/** What a refusal says over REP: its status, and its `error` member as JSON text (C49 to C51). */
export function refusalReply(
  refusal: Refusal,
): Pick<Reply, "status" | "bodyText"> {
  const bodyText = JSON.stringify(refusalBody(refusal));
  return { status: refusal.status, bodyText };
}

/** Further members, for clients that have opted in (B3, B5, E3). */
export interface ReplyExtras {
  readonly seq?: number;
  readonly metaText?: string;
  readonly headersText?: string | undefined;
}

/** The target of a REPLY if the frame had none (C39). */
export const NO_TARGET = '"error"';

/** Writes a REPLY frame (C37 to C45). */
export function replyText(reply: Reply, extras?: ReplyExtras): string {
  const { targetText, status, bodyText, reqText } = reply;
  const member = status >= 200 && status <= 299 ? "data" : "error";
  let text = `{"target":${targetText},"method":"REPLY",` +
    `"data":{"status":${status},"${member}":${bodyText}}`;
  if (reqText !== undefined) text += `,"req":${reqText}`;
  if (extras?.seq !== undefined) text += `,"seq":${extras.seq}`;
  if (extras?.headersText !== undefined) {
    text += `,"headers":${extras.headersText}`;
  }
  if (extras?.metaText !== undefined) text += `,"meta":${extras.metaText}`;
  return `${text}}`;
}
