import { membersOf } from "../api/errors.ts";
import { controlFrame } from "./encode_frame.ts";
import { isSuccess, type Reply } from "./decode_frame.ts";
import type { Limits, ReadyInfo } from "../api/replies.ts";

/** The subprotocol that opts in to the extensions. */
export const SUBPROTOCOL = "rep.v1";

/** The limits of a server that tells none: the protocol's defaults. */
export const DEFAULT_LIMITS: Limits = {
  maxPayloadBytes: 8 * 1024 * 1024,
  maxInFlight: 5_000,
  mailbox: 10_000,
  pingIntervalMs: 20_000,
};

/** What is known of a connection without an authentication request. */
export const PLAIN_INFO: ReadyInfo = {
  session: undefined,
  resumed: false,
  epoch: undefined,
  seq: 0,
  redeliver: 0,
  lost: 0,
  inFlight: 0,
  limits: DEFAULT_LIMITS,
};

/** What the client says about itself when a connection opens. */
export interface AuthSource {
  readonly token: string | undefined;
  readonly authorization: string | undefined;
  readonly clientName: string | undefined;
  readonly isExtended: boolean;
  readonly session: string | undefined;
  readonly expiryMs: number;
  /** Highest seq up to which this process has handled every reply; undefined when it has handled none. */
  readonly lastSeq: number | undefined;
}

/** The `/_rep/auth` frame (rules A3, B1); undefined for a plain connection without a key. */
export function authFrameOf(
  source: AuthSource,
  req: string,
): string | undefined {
  if (!source.isExtended && source.token === undefined) return undefined;
  const hasSession = source.session !== undefined;
  return controlFrame("auth", {
    token: source.token,
    authorization: source.authorization,
    client: source.clientName,
    ext: source.isExtended ? true : undefined,
    session: source.session,
    // Seconds on the wire, milliseconds everywhere else.
    expiry: hasSession ? Math.ceil(source.expiryMs / 1000) : undefined,
    lastSeq: hasSession ? source.lastSeq : undefined,
  }, req);
}

/** How the server answered an authentication request. */
export type AuthOutcome =
  | { readonly kind: "ready"; readonly info: ReadyInfo }
  | {
    readonly kind: "refused";
    readonly reason: string;
    /** True when asking again later may help. */
    readonly isTransient: boolean;
  };

/** Reads the server's answer to an authentication request (rule B2). */
export function readAuthReply(reply: Reply): AuthOutcome {
  if (isSuccess(reply.status)) {
    return { kind: "ready", info: readInfo(membersOf(reply.body)) };
  }
  const told = membersOf(reply.body)["message"] ?? reply.body;
  const reason = typeof told === "string" ? told : `status ${reply.status}`;
  const isTransient = reply.status === 429 || reply.status >= 500;
  return { kind: "refused", reason, isTransient };
}

function readInfo(data: Readonly<Record<string, unknown>>): ReadyInfo {
  return {
    session: textOf(data["session"]),
    resumed: data["resumed"] === true,
    epoch: textOf(data["epoch"]),
    durable: data["durable"] === true,
    seq: countOf(data["seq"]),
    redeliver: countOf(data["redeliver"]),
    lost: countOf(data["lost"]),
    inFlight: countOf(data["inFlight"]),
    limits: readLimits(membersOf(data["limits"])),
  };
}

function readLimits(told: Readonly<Record<string, unknown>>): Limits {
  const { maxPayloadBytes, maxInFlight, mailbox, pingIntervalMs } =
    DEFAULT_LIMITS;
  return {
    maxPayloadBytes: boundOr(told["maxPayload"], maxPayloadBytes),
    maxInFlight: boundOr(told["maxInFlight"], maxInFlight),
    mailbox: boundOr(told["mailbox"], mailbox),
    pingIntervalMs: boundOr(told["pingInterval"], pingIntervalMs),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function countOf(value: unknown): number {
  return typeof value === "number" && value >= 0 ? value : 0;
}

/** Replaces what is no bound. Zero is none either: it would stop everything, or make a timer spin. */
function boundOr(value: unknown, otherwise: number): number {
  return typeof value === "number" && value >= 1 ? value : otherwise;
}
