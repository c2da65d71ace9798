import type { FileInput, Method, Verb } from "../api/options.ts";
import type { Req } from "../api/replies.ts";
import { base64Of, utf8Of } from "./runtime.ts";

/** Asks whether the server is alive (rule C7): bare text, not JSON. */
export const PING = "PING";

/** The server's answer to `PING`. */
export const PONG = "PONG";

const VERBS: Readonly<Record<Method, Verb>> = {
  GET: "GET",
  CREATE: "CREATE",
  PUT: "CREATE",
  UPDATE: "UPDATE",
  PATCH: "UPDATE",
  DELETE: "DELETE",
  ACTION: "ACTION",
  POST: "ACTION",
};

/** The protocol's verb for a verb or an HTTP method; servers of the older text know no others. */
export function verbOf(method: Method): Verb {
  const verb = VERBS[method.toUpperCase() as Method];
  if (verb === undefined) {
    throw new TypeError(
      `Cannot send the method "${method}": use ${
        Object.keys(VERBS).join(", ")
      }`,
    );
  }
  return verb;
}

/** `opts` of a frame. */
export interface FrameOptions {
  readonly reason?: string;
  readonly priority?: number;
  readonly dedupe?: boolean;
  readonly headers?: boolean;
}

/** A request frame with the parts that differ between two sendings of it still open. */
export interface FrameParts {
  /** From `{` to the last member that never changes, without the closing `}`. */
  readonly head: string;
  readonly opts: FrameOptions;
  readonly files: readonly FileInput[];
}

/** What is added when a frame is sent. */
export interface SendingParts {
  /** Time left until the proxy must have sent it to Discord. */
  readonly timeoutMs: number | undefined;
  /** Highest seq to acknowledge along with it. */
  readonly ack: number | undefined;
  /** True where `rep.v1` was negotiated: files go as bytes (rule E5). */
  readonly acceptsBinary: boolean;
}

/** What a frame is made from. */
export interface FrameSource {
  readonly target: string;
  readonly verb: Verb;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly req: Req | undefined;
}

/** Writes what is the same in every sending, once. */
export function frameHead(
  source: FrameSource,
  stringify: (value: unknown) => string,
): string {
  let head = `{"target":${JSON.stringify(source.target)}`;
  head += `,"method":"${source.verb}"`;
  if (source.data !== undefined && source.data !== null) {
    head += `,"data":${jsonOf(source.data, stringify)}`;
  }
  if (source.headers !== undefined) {
    head += `,"headers":${JSON.stringify(source.headers)}`;
  }
  if (source.req !== undefined) head += `,"req":${JSON.stringify(source.req)}`;
  return head;
}

/** JSON has no text for a function or a symbol; the server could not read a frame with a gap there. */
function jsonOf(data: unknown, stringify: (value: unknown) => unknown): string {
  const text = stringify(data);
  if (typeof text === "string") return text;
  throw new TypeError(`Cannot send data that is a ${typeof data}`);
}

/** The frame as it goes on the wire. */
export function encodeFrame(
  parts: FrameParts,
  sending: SendingParts,
): string | ArrayBuffer {
  let text = parts.head + optsMember(parts.opts, sending.timeoutMs);
  if (sending.ack !== undefined) text += `,"ack":${sending.ack}`;
  if (parts.files.length === 0) return text + "}";
  if (!sending.acceptsBinary) return `${text},"files":${base64Files(parts)}}`;
  return withBytes(`${text},"files":${sizedFiles(parts)}}`, parts.files);
}

function optsMember(
  opts: FrameOptions,
  timeoutMs: number | undefined,
): string {
  const all = timeoutMs === undefined ? opts : { ...opts, timeout: timeoutMs };
  const text = JSON.stringify(all);
  return text === "{}" ? "" : `,"opts":${text}`;
}

function base64Files({ files }: FrameParts): string {
  return JSON.stringify(files.map((file) => ({
    name: file.name,
    type: file.type ?? UNKNOWN_TYPE,
    base64: base64Of(file.bytes),
  })));
}

function sizedFiles({ files }: FrameParts): string {
  return JSON.stringify(files.map((file) => ({
    name: file.name,
    type: file.type ?? UNKNOWN_TYPE,
    size: file.bytes.byteLength,
  })));
}

const UNKNOWN_TYPE = "application/octet-stream";

/** Length of the JSON in four bytes, the JSON, the files one after the other (rule E5). */
function withBytes(text: string, files: readonly FileInput[]): ArrayBuffer {
  const json = utf8Of(text);
  const filesBytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const buffer = new ArrayBuffer(4 + json.length + filesBytes);
  new DataView(buffer).setUint32(0, json.length);
  const frame = new Uint8Array(buffer);
  frame.set(json, 4);
  let at = 4 + json.length;
  for (const file of files) {
    frame.set(file.bytes, at);
    at += file.bytes.length;
  }
  return buffer;
}

/** A UTF-16 unit is at most this many bytes of UTF-8. */
const UTF8_PER_UNIT_MAX = 3;

/** Whether a frame has more bytes on the wire than allowed. */
export function isAbove(
  frame: string | ArrayBuffer,
  maxBytes: number,
): boolean {
  if (typeof frame !== "string") return frame.byteLength > maxBytes;
  // Most frames are far below: only a doubtful one is worth counting.
  if (frame.length * UTF8_PER_UNIT_MAX <= maxBytes) return false;
  return utf8Of(frame).length > maxBytes;
}

/** A frame about the connection itself, such as `/_rep/ack`. */
export function controlFrame(
  name: "ack" | "auth" | "cancel",
  data: Readonly<Record<string, unknown>>,
  req?: Req,
): string {
  // A `req` that is undefined is left out by JSON itself.
  return JSON.stringify({
    target: `/_rep/${name}`,
    method: "ACTION",
    data,
    req,
  });
}

/** Ends the session at the proxy (rule B7); it has no `req`, so there is no reply. */
export const SESSION_END = `{"target":"/_rep/session","method":"DELETE"}`;
