import {
  createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "../../../deps.ts";
import { type QueuedTimeout, TimeoutQueue } from "../http/timeout_queue.ts";
import type { Connection } from "./connections.ts";
import { Http2Request } from "./http2_request.ts";
import { HEAD_BYTES_MAX } from "./raw_answer.ts";
import type { RuntimeSocket } from "./runtime_socket.ts";
import type { Transport } from "./transport.ts";

/** Requests under way at once on one connection; whoever has more waits for its own. */
const STREAMS_MAX = 256;

/** Bodies of one connection that may have arrived unread: room for many paused ones beside one that flows. */
const WINDOW_BYTES = 1024 * 1024;

/** The client's half of the preface is no header: this flag of a HEADERS frame says that no body follows. */
const END_STREAM = 1;

const NO_ERROR = 0;

/** RFC 9113, 6.8: with the highest id a GOAWAY is a notice, and what is on its way is still answered. */
const LAST_STREAM_ID = 2 ** 31 - 1;

/** A server of HTTP/2 that is handed connections with TLS. */
export class Http2Server {
  readonly #transport: Transport;
  readonly #server = createHttp2Server({
    maxHeaderListPairs: 256,
    settings: {
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: HEAD_BYTES_MAX,
      enableConnectProtocol: false,
    },
  });
  /** Sessions that have not asked for anything yet, and those that do no more. */
  readonly #first: TimeoutQueue;
  readonly #idle: TimeoutQueue;
  #arriving: Connection | undefined;

  constructor(transport: Transport) {
    const { clock, limits } = transport;
    this.#transport = transport;
    this.#first = new TimeoutQueue(clock, limits.headTimeoutMs);
    this.#idle = new TimeoutQueue(clock, limits.idleTimeoutMs);
    this.#server.on("session", (session: ServerHttp2Session) => {
      if (this.#arriving === undefined) return session.destroy();
      this.#watch(session, this.#arriving);
    });
    // What is wrong with a session ends it; nobody else hears of it.
    this.#server.on("sessionError", ignore);
  }

  serve(socket: RuntimeSocket): void {
    const { connections, forwarded } = this.#transport;
    const { remoteAddress } = socket;
    const connection = connections.enter(
      remoteAddress,
      forwarded.isTrusted(remoteAddress),
      () => socket.destroy(),
    );
    socket.on("error", ignore);
    if (connection === undefined) return void socket.destroy();
    socket.on("close", () => connection.gone());
    // Who says goodbye has left; the session would go on as if it could still answer.
    socket.on("end", () => socket.destroy());
    this.#arriving = connection;
    this.#server.emit("connection", socket);
    this.#arriving = undefined;
  }

  /** Ends its timers. */
  stop(): void {
    this.#first.stop();
    this.#idle.stop();
  }

  #watch(session: ServerHttp2Session, connection: Connection): void {
    const timeout = new SessionTimeout(session);
    const endTimeout = () => {
      this.#first.remove(timeout);
      this.#idle.remove(timeout);
    };
    session.on("error", ignore);
    session.on("close", endTimeout);
    session.setLocalWindowSize?.(WINDOW_BYTES);
    this.#first.add(timeout);
    connection.onIdle = () => {
      if (connection.isClosing || connection.isEnding) return session.close();
      this.#idle.add(timeout);
    };
    connection.onEnding = () => session.goaway(NO_ERROR, LAST_STREAM_ID);
    const onStream = (
      stream: ServerHttp2Stream,
      _headers: unknown,
      flags: number,
      raw: string[],
    ) => {
      endTimeout();
      if (connection.isEnding) connection.onEnding?.();
      const hasBody = (flags & END_STREAM) === 0;
      const transport = this.#transport;
      void new Http2Request(stream, raw, hasBody, transport, connection)
        .serve();
    };
    session.on("stream", onStream);
  }
}

/** Ends a session nobody asks anything on. */
class SessionTimeout implements QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly #session: ServerHttp2Session;

  constructor(session: ServerHttp2Session) {
    this.#session = session;
  }

  act(): void {
    this.#session.close();
  }
}

function ignore(): void {}
