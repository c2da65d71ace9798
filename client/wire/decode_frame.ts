import { membersOf } from "../api/errors.ts";
import { PONG } from "./encode_frame.ts";
import type { Notice } from "../api/replies.ts";

/** A REPLY as the server sent it: only `status` and `seq` are checked. */
export interface Reply {
  readonly kind: "reply";
  readonly req: unknown;
  readonly target: unknown;
  readonly status: number;
  /** `data` for 2xx, `error` otherwise; null where the member was absent. */
  readonly body: unknown;
  readonly seq: number | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** A frame from the server, by what it is. */
export type ServerFrame =
  | Reply
  | { readonly kind: "pong" }
  | { readonly kind: "notice"; readonly notice: Notice }
  /** Not for the client, or not understood: frames of later versions are these (rule J1). */
  | { readonly kind: "ignored" };

const IGNORED: ServerFrame = { kind: "ignored" };

/** Whether a status is a success (rule C42). */
export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** Decodes one frame; never throws, whatever the server sends. */
export function decodeFrame(
  text: string,
  parse: (text: string) => unknown,
): ServerFrame {
  if (text === PONG) return { kind: "pong" };
  let frame: Readonly<Record<string, unknown>>;
  try {
    frame = membersOf(parse(text));
  } catch {
    return IGNORED;
  }
  if (frame["method"] === "REPLY") return readReply(frame);
  if (frame["target"] === "/_rep/notice") return readNotice(frame);
  return IGNORED;
}

function readReply(frame: Readonly<Record<string, unknown>>): ServerFrame {
  const data = membersOf(frame["data"]);
  const status = data["status"];
  if (typeof status !== "number") return IGNORED;
  const seq = frame["seq"];
  const headers = frame["headers"];
  return {
    kind: "reply",
    req: frame["req"],
    target: frame["target"],
    status,
    body: (isSuccess(status) ? data["data"] : data["error"]) ?? null,
    seq: typeof seq === "number" ? seq : undefined,
    headers: headers === undefined
      ? undefined
      : membersOf(headers) as Readonly<Record<string, string>>,
    meta: membersOf(frame["meta"]),
  };
}

function readNotice(frame: Readonly<Record<string, unknown>>): ServerFrame {
  const data = membersOf(frame["data"]);
  const type = data["type"];
  return typeof type === "string"
    ? { kind: "notice", notice: { ...data, type } }
    : IGNORED;
}
