/** The key that joins a reply to its request. */
export type Req = string | number;

/** A reply as it came, for `raw: true`. */
export interface RawReply<T = unknown> {
  /** HTTP status, from Discord or the proxy. */
  readonly status: number;
  /** Present for 200 to 299. */
  readonly data?: T;
  /** Present for every other status. */
  readonly error?: unknown;
  /** Rate limit headers, `date`, `content-type` and `retry-after`, where Discord sent them. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply to a request this process did not send: an earlier process of the same session did. */
export interface MissedReply extends RawReply {
  /** The `req` of the request. */
  readonly req: Req;
  /** The target of the request, as the proxy repeats it. */
  readonly target: unknown;
  /** The verb of the request; undefined when the proxy did not say. */
  readonly method: string | undefined;
  /** When it was answered (ms since 1970), where the proxy said so. */
  readonly answeredAtMs: number | undefined;
  /** True: the proxy dropped the body because the mailbox was full; the status is right. */
  readonly isTruncated: boolean;
}

/** What the proxy allows one session. */
export interface Limits {
  /** Longest frame. */
  readonly maxPayloadBytes: number;
  /** Most requests sent and not answered. */
  readonly maxInFlight: number;
  /** Most replies kept until they are acknowledged. */
  readonly mailbox: number;
  /** Longest silence before the client sends `PING`. */
  readonly pingIntervalMs: number;
}

/** What the proxy says once a connection may carry requests. */
export interface ReadyInfo {
  /** The session's name; undefined without a session. */
  readonly session: string | undefined;
  /** True when the proxy still had the session. */
  readonly resumed: boolean;
  /** Changes with every start of the proxy. */
  readonly epoch: string | undefined;
  /** True when the session and its requests outlive the proxy's process. */
  readonly durable?: boolean;
  /** The number of the newest reply of the session. */
  readonly seq: number;
  /** How many replies the proxy kept and sends now. */
  readonly redeliver: number;
  /** How many kept replies the proxy had to drop or shorten. */
  readonly lost: number;
  /** How many requests of this session are still running. */
  readonly inFlight: number;
  /** What the proxy allows this session. */
  readonly limits: Limits;
}

/** Why a connection ended. */
export interface Closed {
  /** The WebSocket close code; see `CLOSE_RULES`. */
  readonly code: number;
  /** The reason given with it, or "". */
  readonly reason: string;
}

/** A message the proxy sends unasked. */
export interface Notice {
  /** `draining`, `invalid-token`, `banned` …; decides which other members there are. */
  readonly type: string;
  /** Members that the type brings along. */
  readonly [member: string]: unknown;
}
