import type { Closed, Req } from "./types.ts";

/** Whether Discord got the request: false = certainly not, true = yes, null = nobody can know. */
export type Sent = boolean | null;

/** What every failure of a request has in common. */
export abstract class RepFailure extends Error {
  /** False: safe to ask again. */
  abstract readonly sent: Sent;
}

/** What a `RepError` is made of. */
export interface RepErrorInit {
  readonly status: number;
  readonly error: unknown;
  readonly method: string;
  readonly target: string;
  readonly req: Req;
}

/** A reply whose status is not 2xx: Discord's own error, or the proxy's. */
export class RepError extends RepFailure {
  override readonly name = "RepError";
  readonly status: number;
  /** The body, untouched. */
  readonly error: unknown;
  /** Discord's numeric code, or the proxy's own word (`deadline`, `cancelled` …). */
  readonly code: number | string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly sent: Sent;
  readonly method: string;
  readonly target: string;
  readonly req: Req;

  constructor(init: RepErrorInit) {
    const body = membersOf(init.error);
    const told = body["message"] ?? init.error;
    const said = typeof told === "string" ? `: ${told}` : "";
    super(`${init.method} ${init.target} was answered ${init.status}${said}`);
    this.status = init.status;
    this.error = init.error;
    this.method = init.method;
    this.target = init.target;
    this.req = init.req;
    this.code = codeOf(body);
    this.retryAfterMs = retryAfterMsOf(body);
    this.sent = sentOf(body);
  }
}

/** The connection is gone for good, or the request's fate with it. */
export class RepClosedError extends RepFailure {
  override readonly name = "RepClosedError";
  readonly sent: Sent;
  readonly closeCode: number;

  constructor(message: string, sent: Sent, closed: Closed) {
    super(message);
    this.sent = sent;
    this.closeCode = closed.code;
  }
}

/**
 * - `queue_full`: too much waits in this process already
 * - `would_wait`: it would have had to wait, and `queue: false` forbids that
 * - `too_large`: the frame is above the proxy's `maxPayload`
 * - `deadline`: it could not leave within `timeoutMs`
 * - `no_answer`: no reply within `answerWithinMs`
 */
export type LimitCode =
  | "queue_full"
  | "would_wait"
  | "too_large"
  | "deadline"
  | "no_answer";

/** A bound of this client was met. */
export class RepLimitError extends RepFailure {
  override readonly name = "RepLimitError";
  readonly code: LimitCode;
  readonly sent: Sent;

  constructor(code: LimitCode, message: string, sent: Sent) {
    super(message);
    this.code = code;
    this.sent = sent;
  }
}

/** The members of an error body, or none where it is no object. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? value as Record<string, unknown>
    : {};
}

/** `retry_after` (seconds) in milliseconds. */
export function retryAfterMsOf(
  body: Readonly<Record<string, unknown>>,
): number | undefined {
  const seconds = body["retry_after"];
  return typeof seconds === "number" && seconds >= 0
    ? seconds * 1000
    : undefined;
}

/** What an error body says about `sent`; Discord's own errors do not say, and prove it by existing. */
export function sentOf(body: Readonly<Record<string, unknown>>): Sent {
  const sent = body["sent"];
  return sent === false || sent === null ? sent : true;
}

function codeOf(
  body: Readonly<Record<string, unknown>>,
): number | string | undefined {
  const code = body["code"];
  return typeof code === "number" || typeof code === "string"
    ? code
    : undefined;
}
