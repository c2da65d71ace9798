import type { WholeAnswer } from "../../domain/answer.ts";
import { type HeaderList, headerOf } from "../../domain/headers.ts";
import { decodeUtf8 } from "./utf8.ts";

const JSON_TYPE = /^\s*(?:application\/json|[^;]+\+json)\s*(?:;|$)/i;
const TEXT_TYPE = /^\s*text\//i;
/** The type of a body without `Content-Type` (RFC 9110, 8.3). */
const UNKNOWN_TYPE = "application/octet-stream";

/**
 * The body as JSON text (C44, C45, C47): JSON unchanged, text as a string, and
 * anything else in base64. Content codings that are known have been removed; a
 * body that has one still is anything else, and names it.
 */
export function bodyTextOf({ status, headers, body }: WholeAnswer): string {
  const isEmpty = body === undefined || body.byteLength === 0;
  if (isEmpty || status === 204 || status === 205) return "null";
  const type = headerOf(headers, "content-type");
  const coding = headerOf(headers, "content-encoding");
  if (coding === undefined && type !== undefined) {
    if (JSON_TYPE.test(type)) {
      const text = decodeUtf8(body);
      if (text !== undefined) return isJson(text) ? text : JSON.stringify(text);
    } else if (TEXT_TYPE.test(type)) {
      const text = decodeUtf8(body);
      if (text !== undefined) return JSON.stringify(text);
    }
  }
  return JSON.stringify({
    base64: body.toBase64(),
    contentType: type ?? UNKNOWN_TYPE,
    // Left out of the text while it is undefined.
    contentEncoding: coding,
  });
}

/** Checks a body by parsing it: invalid JSON would break the frame that contains it. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The headers that a client may ask for (E3). */
const SHOWN = /^(?:retry-after|x-ratelimit-.+|date|content-type)$/;

/** The headers of Discord's answer that a client may ask for, as JSON text. */
export function headersTextOf(headers: HeaderList): string {
  return JSON.stringify(Object.fromEntries(
    headers.filter(([name]) => SHOWN.test(name)),
  ));
}
