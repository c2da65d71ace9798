import { membersOf } from "../api/errors.ts";
import { PONG } from "./encode_frame.ts";
import type { Notice } from "../api/types.ts";

/** A REPLY, read but not believed: only `status` is known to be a number. */
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

/** What a frame from the server turns out to be. */
export type Incoming =
  | Reply
  | { readonly kind: "pong" }
  | { readonly kind: "notice"; readonly notice: Notice }
  /** Not for us, or not understood: rules of later versions arrive as these (rule J1). */
  | { readonly kind: "ignored" };

const IGNORED: Incoming = { kind: "ignored" };

/** Whether a status is a success (rule C42). */
export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** Reads one frame; never throws, whatever the server sends. */
export function readFrame(
  text: string,
  parse: (text: string) => unknown,
): Incoming {
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

function readReply(frame: Readonly<Record<string, unknown>>): Incoming {
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

function readNotice(frame: Readonly<Record<string, unknown>>): Incoming {
  const data = membersOf(frame["data"]);
  const type = data["type"];
  return typeof type === "string"
    ? { kind: "notice", notice: { ...data, type } }
    : IGNORED;
}
