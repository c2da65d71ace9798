import type { Answer } from "../../domain/answer.ts";
import { headerOf } from "../../domain/headers.ts";

/** What the body of a 4xx answer says. */
export interface ErrorBody {
  /** Discord's numeric `code`. */
  readonly code: number | undefined;
  /** `retry_after` in seconds, Discord's unit since API version 8. */
  readonly retryAfterS: number | undefined;
  /** Discord's `global`, which all its 429s have; undefined if none was read. */
  readonly isGlobal: boolean | undefined;
  readonly isHtml: boolean;
}

const NOTHING: ErrorBody = {
  code: undefined,
  retryAfterS: undefined,
  isGlobal: undefined,
  isHtml: false,
};

/** Largest body that is read. Discord's errors have less than 4 KiB, the lists of errors of a form less than 64 KiB. */
const READ_BYTES_MAX = 65_536;

const OPEN_BRACE = 0x7b;

const decoder = new TextDecoder();

/** Reads the body of an error; never throws. */
export function readErrorBody(answer: Answer): ErrorBody {
  const type = headerOf(answer.headers, "content-type");
  if (type?.trimStart().toLowerCase().startsWith("text/html")) {
    return { ...NOTHING, isHtml: true };
  }
  const body = answer.plainBody ?? answer.body;
  // Discord's JSON begins with a brace. Streams and bytes in an unknown compression are not read.
  if (!(body instanceof Uint8Array) || body[0] !== OPEN_BRACE) return NOTHING;
  if (body.byteLength > READ_BYTES_MAX) return NOTHING;
  try {
    const value = JSON.parse(decoder.decode(body)) as Record<string, unknown>;
    return {
      code: numberOr(value["code"]),
      retryAfterS: numberOr(value["retry_after"]),
      isGlobal: booleanOr(value["global"]),
      isHtml: false,
    };
  } catch {
    return NOTHING;
  }
}

function numberOr(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

function booleanOr(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}
