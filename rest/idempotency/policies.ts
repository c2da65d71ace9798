import type { Outcome } from "../domain/entry.ts";
import type { Method, ProxyRequest } from "../domain/request.ts";

/** How a request ended, as far as it matters to whoever asks again. */
export type End =
  /** Discord answered. */
  | { readonly status: number }
  /** Nobody answered; `sent` as in a refusal. */
  | { readonly status: undefined; readonly sent: false | true | null };

/** What holds for requests of one kind that are asked for again. */
export interface Policy {
  /** What makes a request the same as an earlier one: all that matters of it, or the name its caller gave it. */
  readonly match: "equal" | "name";
  /** Everybody who asks may have the answer, or one newcomer takes the place of one caller who left. */
  readonly handing: "shared" | "one for one";
  /** Whether an end is kept for those who come after it; if not, they are sent. */
  readonly keeps: (end: End, method: Method) => boolean;
  /** How long that is kept; undefined: a setting says so. */
  readonly keptMs: number | undefined;
}

const HOUR_MS = 3_600_000;

/** A day, as with the services that made `Idempotency-Key` known. */
const NAMED = {
  match: "name",
  handing: "shared",
  keeps: (end) => !isUndone(end),
  keptMs: 24 * HOUR_MS,
} as const satisfies Policy;

/**
 * The table of all policies. A request that its caller named is only ever
 * matched by that name; reads and writes without a name by what they are.
 */
export const POLICIES = {
  /** Identical reads that wait are sent once; what comes later might expect a later answer. */
  read: {
    match: "equal",
    handing: "shared",
    keeps: () => false,
    keptMs: 0,
  },
  /**
   * A write whose caller left. Doing a PUT, PATCH or DELETE again is what its
   * caller asked for, an error is no answer to give twice, and a POST that may
   * have run must not be done twice unknowingly.
   */
  write: {
    match: "equal",
    handing: "one for one",
    keeps: (end, method) =>
      method === "POST" && (isSuccess(end) || isUnknown(end)),
    keptMs: undefined,
  },
  /** `Idempotency-Key`. */
  key: NAMED,
  /** `Prefer: respond-async`. */
  async: { ...NAMED, keeps: () => true },
  /** A `req` of a REP session; its time begins with the acknowledgement of its REPLY. */
  req: {
    match: "name",
    handing: "shared",
    keeps: () => true,
    keptMs: 60_000,
  },
} as const satisfies Record<string, Policy>;

/** A request without a name may be matched by what it is. */
export function isShareableRead(request: ProxyRequest): boolean {
  const { method, body, leaveWithinMs, longestWaitMs } = request;
  // A shared answer could break terms of its own.
  return method === "GET" && body === undefined &&
    leaveWithinMs === undefined && longestWaitMs === undefined;
}

/** How an outcome counts in the table. */
export function endOf(outcome: Outcome): End {
  switch (outcome.kind) {
    case "answer":
      return outcome.answer;
    case "shortened":
      return outcome;
    case "refusal":
      return { status: undefined, sent: outcome.refusal.sent };
  }
}

/** Whether it certainly was not done: its name is free again. */
function isUndone(end: End): boolean {
  return end.status === undefined ? end.sent === false : end.status === 429;
}

function isSuccess({ status }: End): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

function isUnknown(end: End): boolean {
  return end.status === undefined && end.sent !== false;
}
