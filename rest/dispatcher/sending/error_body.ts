import type { Answer } from "../../domain/answer.ts";
import { headerOf } from "../../domain/headers.ts";

/** What the body of a 4xx answer tells. */
export interface ErrorBody {
  /** Discord's numeric `code`. */
  readonly code: number | undefined;
  /** Seconds, as Discord counts them from version 8 on. */
  readonly retryAfterS: number | undefined;
  /** Discord's `global`, which every 429 of its own has; undefined where none was read. */
  readonly isGlobal: boolean | undefined;
  readonly isHtml: boolean;
}

const NOTHING: ErrorBody = {
  code: undefined,
  retryAfterS: undefined,
  isGlobal: undefined,
  isHtml: false,
};

/** Discord's errors are below 4 KiB, a form's list of them below 64; more is not looked into. */
const READ_BYTES_MAX = 65_536;

const OPEN_BRACE = 0x7b;

const decoder = new TextDecoder();

/** Reads the members that matter of an error's body; never throws. */
export function readErrorBody(answer: Answer): ErrorBody {
  const type = headerOf(answer.headers, "content-type");
  if (type?.trimStart().toLowerCase().startsWith("text/html")) {
    return { ...NOTHING, isHtml: true };
  }
  const body = answer.plainBody ?? answer.body;
  // Discord's JSON begins with its brace; a stream or bytes compressed in a way we cannot read do not.
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
