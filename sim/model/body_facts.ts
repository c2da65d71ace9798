import { headerOf, type SimRequest } from "./request.ts";

/** The members of a JSON body (or of a form's `payload_json`); empty when there is none. */
export type BodyFacts = Readonly<Record<string, unknown>>;

const NONE: BodyFacts = {};
const decoder = new TextDecoder();

/** Reads what the rules need from a body. A body that is no object has no members. */
export function bodyFactsOf(request: SimRequest): BodyFacts {
  if (request.body.length === 0) return NONE;
  const type = headerOf(request.headers, "content-type") ?? "";
  const text = type.startsWith("multipart/")
    ? payloadOf(decoder.decode(request.body))
    : decoder.decode(request.body);
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : NONE;
  } catch {
    return NONE; // Form-encoded, cut or not JSON: nothing to know.
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text of the part named `payload_json`. */
function payloadOf(form: string): string {
  const named = form.indexOf('name="payload_json"');
  if (named < 0) return "";
  const start = form.indexOf("\r\n\r\n", named);
  const end = form.indexOf("\r\n--", start);
  return start < 0 || end < 0 ? "" : form.slice(start + 4, end);
}
