import { childText, type JsonChild, jsonChildren } from "./json_children.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The members that a frame may have. Their types are not checked yet. */
export interface FrameMembers {
  readonly target?: unknown;
  readonly method?: unknown;
  readonly data?: unknown;
  readonly req?: unknown;
  readonly ack?: unknown;
  readonly opts?: unknown;
  readonly headers?: unknown;
  readonly files?: unknown;
}

/** A message of a client that is a JSON object. */
export interface Frame {
  readonly members: FrameMembers;
  /** `target` as JSON text, as the client spelt it; undefined if there is none. */
  readonly targetText: string | undefined;
  /** `data` as JSON text, as the client spelt it; undefined if absent or null (C24). */
  readonly dataText: string | undefined;
  /** `req` as JSON text; undefined if absent or null (C28, C29). */
  readonly reqText: string | undefined;
  readonly filesText: string | undefined;
  /** The bytes after the JSON of a binary file frame (E5). */
  readonly fileBytes: Uint8Array<ArrayBuffer> | undefined;
}

/** The members of a frame's `data`, or none if it is not an object. */
export function dataOf({ members }: Frame): Record<string, unknown> {
  const { data } = members;
  return typeof data === "object" && data !== null && !Array.isArray(data)
    ? data as Record<string, unknown>
    : {};
}

/**
 * Deepest nesting of a frame. Discord's deepest bodies (components,
 * autocomplete) have fewer than 20 levels; millions of open brackets would cost
 * the parser gigabytes.
 */
const DEPTH_MAX = 512;

const OPEN_BRACE = 123;
/** The length in front of a file frame's JSON. */
const LENGTH_BYTES = 4;

const encoder = new TextEncoder();

/** Reads a text frame; undefined if it is malformed (C9, C10). */
export function readText(text: string): Frame | undefined {
  return readJson(text, undefined);
}

/**
 * Reads a binary frame: JSON text as bytes (C6) or, if the client has opted in,
 * JSON with files after it (E5). Undefined if it is malformed.
 */
export function readBytes(
  bytes: Uint8Array<ArrayBuffer>,
  mayCarryFiles: boolean,
): Frame | undefined {
  if (mayCarryFiles && bytes[0] === 0) return readFileFrame(bytes);
  if (firstCode(bytes) !== OPEN_BRACE) return undefined;
  const text = decodeUtf8(bytes);
  return text === undefined ? undefined : readJson(text, undefined);
}

/** Reads four bytes of length (big-endian), JSON of this length, and the bytes of the files. */
function readFileFrame(bytes: Uint8Array<ArrayBuffer>): Frame | undefined {
  if (bytes.byteLength < LENGTH_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  const jsonEnd = LENGTH_BYTES + view.getUint32(0);
  if (jsonEnd > bytes.byteLength) return undefined;
  const text = decodeUtf8(bytes.subarray(LENGTH_BYTES, jsonEnd));
  return text === undefined
    ? undefined
    : readJson(text, bytes.subarray(jsonEnd));
}

function readJson(
  text: string,
  fileBytes: Uint8Array<ArrayBuffer> | undefined,
): Frame | undefined {
  // Depth and number of members are checked before the parser sees them.
  const children = jsonChildren(text, DEPTH_MAX);
  if (children === undefined) return undefined;
  const value = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return undefined;
  }
  const members: FrameMembers = value;
  return {
    members,
    targetText: textOf(children, "target", members.target),
    dataText: presentText(children, "data", members.data),
    reqText: members.req === null || members.req === undefined
      ? undefined
      : textOf(children, "req", members.req),
    filesText: presentText(children, "files", members.files),
    fileBytes,
  };
}

function presentText(
  children: readonly JsonChild[],
  name: string,
  value: unknown,
): string | undefined {
  if (value === undefined || value === null) return undefined;
  return childText(children, name);
}

/**
 * The text of a member that is needed longer than its frame. A slice would keep
 * the whole frame in memory, so this is a copy.
 */
function textOf(
  children: readonly JsonChild[],
  name: string,
  value: unknown,
): string | undefined {
  if (typeof value === "string") return JSON.stringify(value);
  const text = childText(children, name);
  return text === undefined ? undefined : decodeUtf8(encoder.encode(text));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstCode(bytes: Uint8Array): number | undefined {
  return bytes.find((code) =>
    code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d
  );
}
