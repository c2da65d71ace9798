import type {
  AbortSignalLike,
  Clock,
  JsonCodec,
  SocketFactory,
} from "./ports.ts";
import type { Closed, Req } from "./replies.ts";

/** The protocol's verbs. Over HTTP they are GET, PUT, PATCH, DELETE and POST. */
export type Verb = "GET" | "CREATE" | "UPDATE" | "DELETE" | "ACTION";

/** A verb, or the HTTP method that means the same. */
export type Method = Verb | "PUT" | "PATCH" | "POST";

/** A value, or a function that is called for it before every attempt to connect. */
export type Source<T> = T | (() => T | Promise<T>);

/** A file to upload. The bytes are not copied: leave them alone until the reply has come. */
export interface FileInput {
  /** The file name that Discord shows. */
  readonly name: string;
  /** Media type; `application/octet-stream` when absent. */
  readonly type?: string;
  /** The content. */
  readonly bytes: Uint8Array;
}

/** Options of a request without a reply. */
export interface NotifyOptions {
  /** The body; for GET an object that becomes the query. */
  readonly data?: unknown;
  /** Audit log reason, plain text. */
  readonly reason?: string;
  /** Headers for Discord; the proxy passes on only those its operator allows. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Files to upload with the body. */
  readonly files?: readonly FileInput[];
  /** From 0 (first) to 7 (last); 3 when absent. The proxy may ignore it. */
  readonly priority?: number;
  /** A request that has not been sent to Discord within this time is never sent. */
  readonly timeoutMs?: number;
}

/** Options of a request. */
export interface RequestOptions extends NotifyOptions {
  /** Without an answer within this time the promise rejects with `no_answer`. */
  readonly answerWithinMs?: number;
  /** Cancels the request if the proxy has not sent it yet; the promise rejects at once. */
  readonly signal?: AbortSignalLike;
  /** A key of your own, unique over the session's whole life, restarts included. */
  readonly req?: Req;
  /** Lets the proxy add Discord's `nonce` to a message, so that it is made once however often it is sent, even when the proxy crashes. */
  readonly dedupe?: boolean;
  /** True: resolve with `RawReply` for every status instead of throwing `RepError`. */
  readonly raw?: boolean;
  /** False: reject rather than wait in this process. */
  readonly queue?: boolean;
}

/** Which requests of unknown outcome the client itself may send again. It always may send GET again. */
export type RepeatUnknown = "never" | "idempotent" | "all";

/** How the client behaves. Every member has a default. */
export interface ClientOptions {
  /** The proxy's key. */
  readonly token?: Source<string>;
  /** How the key travels: in the first message, as a subprotocol, or as a header (Deno, Node). */
  readonly authBy?: "message" | "subprotocol" | "header";
  /** A Discord token of your own, sent to Discord in place of the proxy's. */
  readonly authorization?: Source<string>;
  /** A name for this client: clients of one key get equal shares of the proxy by name. */
  readonly clientName?: string;
  /** The session's name, which outlives this process; absent: a random one; false: no session. */
  readonly session?: string | false;
  /** How long the proxy keeps the session after a disconnect; 300 000 when absent. */
  readonly expiryMs?: number;
  /** False: plain REP without extensions, which any server of the protocol understands. */
  readonly ext?: boolean;
  /** True: connect with the first request. */
  readonly lazy?: boolean;
  /** Opens sockets; needed where the runtime has no WebSocket. */
  readonly webSocket?: SocketFactory;
  /** Wait before attempt `attempt` (1 is the first after a loss). */
  readonly retryWaitMs?: (attempt: number, closed: Closed) => number;
  /** Whether to connect again; without it, and where it says undefined, the close code decides. */
  readonly shouldRetry?: (closed: Closed) => boolean | undefined;
  /** What to do with requests whose outcome is unknown; `never` when absent. */
  readonly repeatUnknown?: RepeatUnknown;
  /** How many requests may wait in this process; 10 000 when absent. */
  readonly highWaterMark?: number;
  /** How many bytes may wait in this process; 64 MiB when absent. */
  readonly highWaterMarkBytes?: number;
  /** Default for `RequestOptions.timeoutMs`. */
  readonly timeoutMs?: number;
  /** Default for `RequestOptions.answerWithinMs`; 300 000 when absent. */
  readonly answerWithinMs?: number;
  /** How often a request that the proxy refused unsent is tried again; 5 when absent, 0 never. */
  readonly refusalRetries?: number;
  /** Reads and writes frames; the runtime's `JSON` when absent. */
  readonly json?: JsonCodec;
  /** Time and timers; the runtime's when absent. */
  readonly clock?: Clock;
  /** A number in [0, 1), for jitter; `Math.random` when absent. */
  readonly random?: () => number;
}

/** How `close()` treats unfinished requests. */
export interface CloseOptions {
  /** How long to wait for their replies; 0 when absent. */
  readonly drainMs?: number;
}
