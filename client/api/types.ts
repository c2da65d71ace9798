import type { Clock } from "./clock.ts";
import type { SocketFactory } from "./socket.ts";

/** The protocol's verbs. Over HTTP they are GET, PUT, PATCH, DELETE and POST. */
export type Verb = "GET" | "CREATE" | "UPDATE" | "DELETE" | "ACTION";

/** A verb, or the HTTP method that means the same. */
export type Method = Verb | "PUT" | "PATCH" | "POST";

/** What joins a reply to its request. */
export type Req = string | number;

/** A value, or a function asked for it before every attempt to connect. */
export type Source<T> = T | (() => T | Promise<T>);

/** A file to upload. The bytes are not copied: leave them alone until the reply is here. */
export interface FileInput {
  readonly name: string;
  /** Media type; `application/octet-stream` when absent. */
  readonly type?: string;
  readonly bytes: Uint8Array;
}

/** The part of an `AbortSignal` the client needs. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What a request without a reply may carry. */
export interface NotifyOptions {
  /** The body; for GET an object that becomes the query. */
  readonly data?: unknown;
  /** Audit log reason, plain text. */
  readonly reason?: string;
  /** Headers for upstream; the proxy passes on only what its operator allows. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly files?: readonly FileInput[];
  /** 0 (first) to 7 (last), 3 when absent. A hint. */
  readonly priority?: number;
  /** Must have left for Discord within this time, else it is never sent. */
  readonly timeoutMs?: number;
}

/** What a request may carry. */
export interface RequestOptions extends NotifyOptions {
  /** An answer must be here within this time; afterwards the promise rejects with `no_answer`. */
  readonly answerWithinMs?: number;
  /** Takes the request back if it has not left the proxy; the promise rejects at once. */
  readonly signal?: AbortSignalLike;
  /** A key of your own, unique over the session's whole life, restarts included. */
  readonly req?: Req;
  /** Lets the proxy add Discord's `nonce`, which survives even a crash of the proxy. */
  readonly dedupe?: boolean;
  /** Resolve with `RawReply` for every status instead of throwing `RepError`. */
  readonly raw?: boolean;
  /** False: reject rather than wait for a connection or a free place. */
  readonly queue?: boolean;
}

/** A reply as it came, for `raw: true`. */
export interface RawReply<T = unknown> {
  readonly status: number;
  /** Present for 200 to 299. */
  readonly data?: T;
  /** Present for every other status. */
  readonly error?: unknown;
  /** Rate limit headers, `date`, `content-type` and `retry-after`, where upstream sent them. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the proxy allows one session. */
export interface Limits {
  readonly maxPayloadBytes: number;
  readonly maxInFlight: number;
  readonly mailbox: number;
  readonly pingIntervalMs: number;
}

/** What is known once a connection may carry requests. */
export interface ReadyInfo {
  readonly session: string | undefined;
  /** True when the proxy still had the session. */
  readonly resumed: boolean;
  /** Changes with every start of the proxy. */
  readonly epoch: string | undefined;
  readonly seq: number;
  /** How many kept replies follow. */
  readonly redeliver: number;
  /** How many replies were dropped or shortened because nobody fetched them. */
  readonly lost: number;
  /** How many requests of this session are still running. */
  readonly inFlight: number;
  readonly limits: Limits;
}

/** Why a connection ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** Something the proxy tells without being asked; `type` says what else is in it. */
export interface Notice {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** A reply to a request this process did not send: an earlier process of the same session did. */
export interface MissedReply extends RawReply {
  readonly req: Req;
  readonly target: unknown;
  /** Undefined when the proxy did not say. */
  readonly method: string | undefined;
  /** When it was answered (ms since 1970), where the proxy said so. */
  readonly answeredAtMs: number | undefined;
  /** The body was dropped because the mailbox was full; the status is right. */
  readonly isTruncated: boolean;
}

/** Turns frames into values and back; replace it to keep integers beyond 2^53. */
export interface JsonCodec {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

/** Which requests of unknown outcome may be sent again by the client itself. GET always may. */
export type RepeatUnknown = "never" | "idempotent" | "all";

/** How the client behaves. Every member has a default. */
export interface ClientOptions {
  /** The proxy's key. */
  readonly token?: Source<string>;
  /** How the key travels: in the first message, as a subprotocol, or as a header (Deno, Node). */
  readonly authBy?: "message" | "subprotocol" | "header";
  /** A Discord token of your own, used upstream in place of the proxy's. */
  readonly authorization?: Source<string>;
  /** Who this is: callers of one key share the proxy fairly by this name. */
  readonly clientName?: string;
  /** A name that outlives this process; absent: a random one; false: no session. */
  readonly session?: string | false;
  /** How long the proxy keeps the session after a disconnect. */
  readonly expiryMs?: number;
  /** False: plain REP, usable with any server of the protocol. */
  readonly ext?: boolean;
  /** True: connect with the first request. */
  readonly lazy?: boolean;
  /** Opens sockets; needed where the runtime has no WebSocket. */
  readonly webSocket?: SocketFactory;
  /** Wait before attempt `attempt` (1 is the first after a loss). */
  readonly retryWaitMs?: (attempt: number, closed: Closed) => number;
  /** Whether to connect again; without it the close code decides. */
  readonly shouldRetry?: (closed: Closed) => boolean;
  readonly repeatUnknown?: RepeatUnknown;
  /** Requests that may wait in this process. */
  readonly highWaterMark?: number;
  /** Bytes that may wait in this process. */
  readonly highWaterMarkBytes?: number;
  /** Default for `RequestOptions.timeoutMs`. */
  readonly timeoutMs?: number;
  /** Default for `RequestOptions.answerWithinMs`. */
  readonly answerWithinMs?: number;
  /** How often a request refused before it was sent is offered again; 0 turns that off. */
  readonly refusalRetries?: number;
  readonly json?: JsonCodec;
  readonly clock?: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random?: () => number;
}
