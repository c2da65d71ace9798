import type { Closed, Req } from "./replies.ts";

/** Whether Discord got the request: false = certainly not, true = yes, null = unknown. */
export type Sent = boolean | null;

/**
 * Base class of every failure of a request.
 *
 * @example
 * ```ts
 * try {
 *   await client.action("/channels/9/messages", { data: { content: "hi" } });
 * } catch (error) {
 *   if (!(error instanceof RepFailure)) throw error;
 *   console.log(error.sent === false ? "safe to repeat" : "may have happened");
 * }
 * ```
 */
export abstract class RepFailure extends Error {
  /** Whether Discord got the request; false: it is safe to send it again. */
  abstract readonly sent: Sent;
}

/** What a `RepError` is made from. */
export interface RepErrorInit {
  /** HTTP status. */
  readonly status: number;
  /** The body. */
  readonly error: unknown;
  /** The verb of the request. */
  readonly method: string;
  /** The target of the request. */
  readonly target: string;
  /** The key of the request. */
  readonly req: Req;
}

/**
 * A reply whose status is not 2xx: an error of Discord's, or of the proxy's.
 *
 * @example
 * ```ts
 * try {
 *   await client.action("/channels/9/messages", { data: { content: "" } });
 * } catch (error) {
 *   if (!(error instanceof RepError)) throw error;
 *   console.log(error.status, error.code);
 * }
 * ```
 */
export class RepError extends RepFailure {
  /** The name of the class. */
  override readonly name = "RepError";
  /** HTTP status, from Discord or the proxy. */
  readonly status: number;
  /** The body, untouched. */
  readonly error: unknown;
  /** Discord's numeric code, or one of the proxy's in words (`deadline`, `cancelled` …). */
  readonly code: number | string | undefined;
  /** How long to wait before sending the request again, where the body says so. */
  readonly retryAfterMs: number | undefined;
  /** Whether Discord got the request. */
  readonly sent: Sent;
  /** The verb of the request. */
  readonly method: string;
  /** The target of the request. */
  readonly target: string;
  /** The key of the request. */
  readonly req: Req;

  /** Made by the client, out of a reply. */
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

/**
 * There will be no reply: the client is closed, or the proxy does not remember
 * the request.
 *
 * @example
 * ```ts
 * try {
 *   await client.get("/users/@me");
 * } catch (error) {
 *   if (!(error instanceof RepClosedError)) throw error;
 *   console.log(CLOSE_RULES.get(error.closeCode)?.means);
 * }
 * ```
 */
export class RepClosedError extends RepFailure {
  /** The name of the class. */
  override readonly name = "RepClosedError";
  /** Whether Discord got the request. */
  readonly sent: Sent;
  /** The WebSocket close code; 0 where no close caused it. */
  readonly closeCode: number;

  /** Made by the client. */
  constructor(message: string, sent: Sent, closed: Closed) {
    super(message);
    this.sent = sent;
    this.closeCode = closed.code;
  }
}

/**
 * Which bound of the client a request met.
 *
 * - `queue_full`: `highWaterMark` or `highWaterMarkBytes` is reached
 * - `would_wait`: it would have had to wait, and `queue: false` forbids that
 * - `too_large`: the frame is above the proxy's `maxPayload`
 * - `deadline`: it could not be sent within `timeoutMs`
 * - `no_answer`: no reply came within `answerWithinMs`
 */
export type LimitCode =
  | "queue_full"
  | "would_wait"
  | "too_large"
  | "deadline"
  | "no_answer";

/**
 * A request met a bound of this client.
 *
 * @example
 * ```ts
 * try {
 *   await client.get("/users/@me", { queue: false });
 * } catch (error) {
 *   if (!(error instanceof RepLimitError)) throw error;
 *   console.log(error.code); // would_wait
 * }
 * ```
 */
export class RepLimitError extends RepFailure {
  /** The name of the class. */
  override readonly name = "RepLimitError";
  /** Which bound it met. */
  readonly code: LimitCode;
  /** Whether Discord got the request. */
  readonly sent: Sent;

  /** Made by the client. */
  constructor(code: LimitCode, message: string, sent: Sent) {
    super(message);
    this.code = code;
    this.sent = sent;
  }
}

/** The members of a value, or none where it is no object. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? value as Record<string, unknown>
    : {};
}

/** Reads `retry_after` (seconds) of an error body, in milliseconds. */
export function retryAfterMsOf(
  body: Readonly<Record<string, unknown>>,
): number | undefined {
  const seconds = body["retry_after"];
  return typeof seconds === "number" && seconds >= 0
    ? seconds * 1000
    : undefined;
}

/** Reads `sent` of an error body. Discord's own errors lack it, and prove that Discord got the request. */
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
