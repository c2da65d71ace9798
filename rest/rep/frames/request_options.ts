import { mayCrossFromFrame } from "../../domain/crossing_headers.ts";
import type { HeaderList } from "../../domain/headers.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Urgency } from "../../domain/urgency.ts";

/** The options of a request: what its members `headers` and `opts` say. */
export interface RequestOptions {
  readonly headers: HeaderList;
  readonly urgency: Urgency | undefined;
  readonly leaveWithinMs: number | undefined;
  /** The reply has Discord's headers (E3). */
  readonly wantsHeaders: boolean;
  /** The proxy may add a `nonce` (I6). */
  readonly isDeduped: boolean;
}

const REASON_HEADER = "x-audit-log-reason";
/** Discord cuts reasons at 512 characters (docs: audit log reason). */
const REASON_CHARS_MAX = 512;

/** Characters that would end a header line. */
const LINE_END = /[\r\n\0]/;
/** The bytes a header value may have (RFC 9110, 5.5). */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const NO_OPTIONS: RequestOptions = {
  headers: [],
  urgency: undefined,
  leaveWithinMs: undefined,
  wantsHeaders: false,
  isDeduped: false,
};

/** Reads `headers` and `opts`; `allowed` has the names of headers that the operator allows, in lower case. */
export function readOptions(
  headers: unknown,
  opts: unknown,
  allowed: ReadonlySet<string>,
): RequestOptions {
  const isPlain = isAbsent(headers) && isAbsent(opts);
  if (isPlain) return NO_OPTIONS;
  const options = isAbsent(opts) ? {} : objectOf(opts, "opts");
  return {
    headers: headersOf(headers, options["reason"], allowed),
    urgency: urgencyOf(options["priority"]),
    leaveWithinMs: timeoutOf(options["timeout"]),
    wantsHeaders: options["headers"] === true,
    isDeduped: options["dedupe"] === true,
  };
}

function headersOf(
  headers: unknown,
  reason: unknown,
  allowed: ReadonlySet<string>,
): HeaderList {
  const fields = new Map<string, string>();
  if (!isAbsent(reason)) fields.set(REASON_HEADER, encodedReason(reason));
  if (!isAbsent(headers)) {
    for (const [name, value] of Object.entries(objectOf(headers, "headers"))) {
      if (typeof value !== "string" || LINE_END.test(value)) {
        throw bad("headers must be strings without CR, LF and NUL");
      }
      const lower = name.toLowerCase();
      if (!isAllowed(lower, allowed)) continue;
      if (!FIELD_VALUE.test(value)) {
        throw bad(`headers: ${lower} must be percent-encoded`);
      }
      // The raw header wins over opts.reason (E2).
      fields.set(lower, value);
    }
  }
  return [...fields];
}

function isAllowed(name: string, allowed: ReadonlySet<string>): boolean {
  if (name === REASON_HEADER) return true;
  return allowed.has(name) && mayCrossFromFrame(name);
}

function encodedReason(reason: unknown): string {
  if (typeof reason !== "string" || reason === "") {
    throw bad("opts.reason must be text of 1 to 512 characters");
  }
  // Characters, not UTF-16 units: an emoji is one.
  if (
    reason.length > REASON_CHARS_MAX && [...reason].length > REASON_CHARS_MAX
  ) {
    throw bad("opts.reason must be text of 1 to 512 characters");
  }
  return encodeURIComponent(reason.toWellFormed());
}

function urgencyOf(priority: unknown): Urgency | undefined {
  if (isAbsent(priority)) return undefined;
  if (
    typeof priority === "number" && Number.isInteger(priority) &&
    priority >= 0 && priority <= 7
  ) return priority as Urgency;
  throw bad("opts.priority must be a whole number from 0 to 7");
}

function timeoutOf(timeout: unknown): number | undefined {
  if (isAbsent(timeout)) return undefined;
  if (typeof timeout === "number" && timeout >= 0) return timeout;
  throw bad("opts.timeout must be a number of milliseconds");
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw bad(`${name} must be an object`);
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function bad(problem: string): Refusal {
  return new Refusal("bad_data", `Invalid options: ${problem}`);
}
