import { headerOf } from "../../domain/headers.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { boundaryOf, indexOfBytes } from "../fingerprint.ts";

/** Where the members of a message stand in a body: as JSON text, or as fields of a form (docs, "Uploading Files"). */
export type Payload =
  | {
    readonly kind: "json";
    readonly text: string;
    readonly start: number;
    readonly end: number;
  }
  | {
    readonly kind: "fields";
    readonly values: ReadonlyMap<string, string>;
    readonly boundary: string;
    /** Where the first part begins, at its boundary. */
    readonly start: number;
  };

/** A message has some kilobytes of members; what has more is not looked into: to parse a megabyte may hold others up. */
const JSON_BYTES_MAX = 256 * 1024;

/** Headers of a part have some hundred bytes. */
const PART_HEAD_BYTES_MAX = 4_096;

/** A field of interest is `true`, or a nonce: longer values are files or the message. */
const FIELD_BYTES_MAX = 64;

const JSON_TYPE = /^\s*application\/json\s*(?:;|$)/i;
const FORM_TYPE = /^\s*multipart\/form-data\s*;/i;
const NAME =
  /^content-disposition:[^\r\n]*[;\s]name=(?:"([^"\r\n]*)"|([^";\s]+))/im;

const HEAD_END = bytesOf("\r\n\r\n");

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Finds the members of a message; undefined where its body is none that can be read. */
export function payloadOf(request: ProxyRequest): Payload | undefined {
  const { body, headers } = request;
  if (body === undefined || body.byteLength === 0) return undefined;
  if (headerOf(headers, "content-encoding") !== undefined) return undefined;
  const type = headerOf(headers, "content-type") ?? "";
  if (JSON_TYPE.test(type)) return jsonAt(body, 0, body.byteLength);
  const boundary = boundaryOf(request);
  return FORM_TYPE.test(type) && boundary !== undefined
    ? payloadOfForm(body, boundary)
    : undefined;
}

function payloadOfForm(
  body: Uint8Array,
  boundary: string,
): Payload | undefined {
  const delimiter = bytesOf(`\r\n--${boundary}`);
  const first = startOfForm(body, boundary);
  if (first === undefined) return undefined;
  const values = new Map<string, string>();
  let at = first + delimiter.byteLength - LINE_END_BYTES;
  for (;;) {
    const endAt = indexOfBytes(body, delimiter, at);
    const headEnd = indexOfBytes(body, HEAD_END, at);
    // The last boundary has no part behind it; a form that is cut is Discord's to refuse.
    if (endAt < 0 || headEnd < 0 || headEnd > endAt) break;
    const start = headEnd + HEAD_END.byteLength;
    const name = nameOf(body, at, headEnd);
    if (name === "payload_json") return jsonAt(body, start, endAt);
    const isShort = endAt - start <= FIELD_BYTES_MAX;
    if (name !== undefined) {
      values.set(name, isShort ? textOf(body, start, endAt) ?? "" : "");
    }
    at = endAt + delimiter.byteLength;
  }
  if (values.size === 0) return undefined;
  return { kind: "fields", values, boundary, start: first };
}

const LINE_END_BYTES = 2;

/** Where the first boundary begins; what stands before it is no part (RFC 2046, 5.1.1). */
function startOfForm(body: Uint8Array, boundary: string): number | undefined {
  const at = indexOfBytes(body, bytesOf(`--${boundary}`), 0);
  const isAtLineStart = at === 0 || (at > 0 && body[at - 1] === LINE_FEED);
  return isAtLineStart ? at : undefined;
}

const LINE_FEED = 10;

function nameOf(
  body: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  if (end - start > PART_HEAD_BYTES_MAX) return undefined;
  const match = NAME.exec(textOf(body, start, end) ?? "");
  return match?.[1] ?? match?.[2];
}

function jsonAt(
  body: Uint8Array,
  start: number,
  end: number,
): Payload | undefined {
  if (end - start > JSON_BYTES_MAX) return undefined;
  const text = textOf(body, start, end);
  return text === undefined ? undefined : { kind: "json", text, start, end };
}

function textOf(
  body: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  try {
    return decoder.decode(body.subarray(start, end));
  } catch {
    return undefined; // Not UTF-8: Discord will say what is wrong with it.
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
