import type { Timing } from "./wait_reason.ts";

/** Who caused a failure, and so who has to be told. */
export type Fault = "caller" | "proxy" | "discord";

interface RefusalRule {
  readonly status: number;
  readonly fault: Fault;
  /** Whether Discord got the request: false = certainly not, true = yes, null = nobody can know. */
  readonly sent: false | true | null;
}

/**
 * All refusals by the proxy itself, the same on every transport. A test keeps the
 * table of docs/answers.md equal to this one.
 */
export const REFUSALS = {
  bad_path: { status: 400, fault: "caller", sent: false },
  bad_request: { status: 400, fault: "caller", sent: false },
  bad_frame: { status: 400, fault: "caller", sent: false },
  bad_target: { status: 400, fault: "caller", sent: false },
  bad_data: { status: 400, fault: "caller", sent: false },
  bad_req: { status: 400, fault: "caller", sent: false },
  unauthorized: { status: 401, fault: "caller", sent: false },
  webhook_unauthorized: { status: 401, fault: "caller", sent: false },
  token_unauthorized: { status: 401, fault: "caller", sent: false },
  // 403, not 401: on a 401 discord.js drops its token for good.
  unknown_token: { status: 403, fault: "caller", sent: false },
  forbidden: { status: 403, fault: "caller", sent: false },
  no_such_target: { status: 404, fault: "caller", sent: false },
  webhook_gone: { status: 404, fault: "caller", sent: false },
  bad_method: { status: 405, fault: "caller", sent: false },
  body_timeout: { status: 408, fault: "caller", sent: false },
  head_timeout: { status: 408, fault: "caller", sent: false },
  // 408, not 5xx: on a 5xx libraries send a POST again by themselves (discord.js
  // four times, seen 2026-11), on a 408 they do not.
  outcome_unknown: { status: 408, fault: "discord", sent: null },
  too_large: { status: 413, fault: "caller", sent: false },
  key_reused: { status: 422, fault: "caller", sent: false },
  req_reused: { status: 422, fault: "caller", sent: false },
  upgrade_required: { status: 426, fault: "caller", sent: false },
  head_too_large: { status: 431, fault: "caller", sent: false },
  overloaded: { status: 429, fault: "proxy", sent: false },
  wait_too_long: { status: 429, fault: "proxy", sent: false },
  deadline: { status: 429, fault: "caller", sent: false },
  too_many: { status: 429, fault: "caller", sent: false },
  mailbox_full: { status: 429, fault: "caller", sent: false },
  cancelled: { status: 499, fault: "caller", sent: false },
  internal: { status: 500, fault: "proxy", sent: null },
  unreachable: { status: 502, fault: "discord", sent: false },
  draining: { status: 503, fault: "proxy", sent: false },
  moved: { status: 503, fault: "proxy", sent: false },
  token_rejected: { status: 503, fault: "discord", sent: false },
  invalid_budget: { status: 503, fault: "discord", sent: false },
  blocked: { status: 503, fault: "discord", sent: false },
  journal_full: { status: 503, fault: "proxy", sent: false },
  store_unreachable: { status: 503, fault: "proxy", sent: false },
  no_token: { status: 503, fault: "proxy", sent: false },
  upstream_timeout: { status: 504, fault: "discord", sent: null },
} as const satisfies Record<string, RefusalRule>;

/** The name of a refusal, as callers read it. */
export type RefusalCode = keyof typeof REFUSALS;

/** What one refusal says besides its code and message. */
export interface RefusalOptions extends ErrorOptions {
  /** Overrides the table's status (a method in a frame, too many connections). */
  readonly status?: number;
  /** After how many ms the caller should ask again. */
  readonly retryAfterMs?: number;
  /** What went wrong below, for the log: a code and a host, nothing secret. */
  readonly detail?: string;
  /** Overrides the table's `sent` if this case is known better. */
  readonly sent?: false | true | null;
}

/** A refusal or failure that the table names. Any other error is a bug. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly status: number;
  readonly sent: false | true | null;
  readonly retryAfterMs: number | undefined;
  readonly detail: string | undefined;
  /** Where its request's time went; undefined where that was in no queue. */
  timing: Timing | undefined;

  constructor(code: RefusalCode, message: string, options?: RefusalOptions) {
    // Nobody looks where it was made, and to note that takes as long as all the
    // rest: whoever is refused thousands of times must not hold others up.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.status = options?.status ?? REFUSALS[code].status;
    this.sent = options?.sent === undefined
      ? REFUSALS[code].sent
      : options.sent;
    this.retryAfterMs = options?.retryAfterMs;
    this.detail = options?.detail;
  }
}
