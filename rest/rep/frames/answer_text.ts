import { type HeaderList, headerOf } from "../../domain/headers.ts";

/** Discord's answer with its body in hand. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

const JSON_TYPE = /^\s*(?:application\/json|[^;]+\+json)\s*(?:;|$)/i;
const TEXT_TYPE = /^\s*text\//i;
/** What may be said of bytes of which nothing was said (RFC 9110, 8.3). */
const UNKNOWN_TYPE = "application/octet-stream";

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The body as JSON text (C44, C45, C47): JSON as it came, text as a string,
 * anything else in base64.
 */
export function bodyTextOf({ status, headers, body }: WholeAnswer): string {
  const isEmpty = body === undefined || body.byteLength === 0;
  if (isEmpty || status === 204 || status === 205) return "null";
  const type = headerOf(headers, "content-type");
  const isCompressed = headerOf(headers, "content-encoding") !== undefined;
  if (!isCompressed && type !== undefined) {
    if (JSON_TYPE.test(type)) {
      const text = decode(body);
      if (text !== undefined) return isJson(text) ? text : JSON.stringify(text);
    } else if (TEXT_TYPE.test(type)) {
      const text = decode(body);
      if (text !== undefined) return JSON.stringify(text);
    }
  }
  const contentType = JSON.stringify(type ?? UNKNOWN_TYPE);
  return `{"base64":"${body.toBase64()}","contentType":${contentType}}`;
}

/** Parsed only to be sure: one broken body would break the frame around it. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function decode(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The headers a caller may ask to see (E3). */
const SHOWN = /^(?:retry-after|x-ratelimit-.+|date|content-type)$/;

/** Those of Discord's headers that a caller may see, as JSON text. */
export function headersTextOf(headers: HeaderList): string {
  return JSON.stringify(Object.fromEntries(
    headers.filter(([name]) => SHOWN.test(name)),
  ));
}
