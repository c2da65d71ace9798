import { headerOf, type SimRequest } from "./request.ts";

/** The members of a JSON body (or of a form's `payload_json`); empty when there is none. */
export type BodyFacts = Readonly<Record<string, unknown>>;

const NONE: BodyFacts = {};
const decoder = new TextDecoder();

/** Reads what the rules need from a body. A body that is no object has no members. */
export function bodyFactsOf(request: SimRequest): BodyFacts {
  if (request.body.length === 0) return NONE;
  const type = headerOf(request.headers, "content-type") ?? "";
  const whole = decoder.decode(request.body);
  const isForm = type.startsWith("multipart/");
  const text = isForm ? payloadOf(whole) : whole;
  if (text === undefined) return fieldsOf(whole);
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

/** The text of the part named `payload_json`; undefined if there is none. */
function payloadOf(form: string): string | undefined {
  const named = form.indexOf('name="payload_json"');
  if (named < 0) return undefined;
  const start = form.indexOf("\r\n\r\n", named);
  const end = form.indexOf("\r\n--", start);
  return start < 0 || end < 0 ? "" : form.slice(start + 4, end);
}

const FIELD =
  /\r\ncontent-disposition: form-data; name="(\w+)"\r\n\r\n(.*?)\r\n--/gis;

/** The fields of a form without `payload_json`: its members one by one (docs, "Uploading Files"). */
function fieldsOf(form: string): BodyFacts {
  const fields = [...form.matchAll(FIELD)].map(([, name = "", text = ""]) =>
    [name, text === "true" ? true : text] as const
  );
  return Object.fromEntries(fields);
}
