import {
  createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "../../../deps.ts";
import { type QueuedTimeout, TimeoutQueue } from "../http/timeout_queue.ts";
import type { Connection } from "./connections.ts";
import { Http2Exchange } from "./http2_exchange.ts";
import { HEAD_BYTES_MAX } from "./raw_answer.ts";
import type { TlsSocket } from "./tls_socket.ts";
import type { Transport } from "./transport.ts";

/** Requests under way at once on one connection; whoever has more waits for its own. */
const STREAMS_MAX = 256;

/** Bodies of one connection that may have arrived unread: room for many paused ones beside one that flows. */
const WINDOW_BYTES = 1024 * 1024;

/** The client's half of the preface is no header: this flag of a HEADERS frame says that no body follows. */
const END_STREAM = 1;

/** A server of HTTP/2 that is handed connections with TLS. */
export interface Http2Server {
  serve(socket: TlsSocket, connection: Connection): void;
  /** Ends its timers. */
  stop(): void;
}

/** Puts one before the endpoint. */
export function createHttp2Transport(transport: Transport): Http2Server {
  const { clock, limits } = transport;
  const idle = new TimeoutQueue(clock, limits.idleTimeoutMs);
  const first = new TimeoutQueue(clock, limits.headTimeoutMs);
  let arriving: Connection | undefined;
  const server = createHttp2Server({
    maxHeaderListPairs: 256,
    settings: {
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: HEAD_BYTES_MAX,
      enableConnectProtocol: false,
    },
  });
  server.on("session", (session: ServerHttp2Session) => {
    if (arriving === undefined) return session.destroy();
    watch(session, arriving);
  });
  // What is wrong with a session ends it; nobody else hears of it.
  server.on("sessionError", ignore);

  function watch(session: ServerHttp2Session, connection: Connection): void {
    const timeout = new SessionTimeout(session);
    session.on("error", ignore);
    session.setLocalWindowSize?.(WINDOW_BYTES);
    first.add(timeout);
    connection.onIdle = () => {
      if (connection.isClosing) return session.close();
      idle.add(timeout);
    };
    session.on("close", () => {
      for (const queue of [first, idle]) queue.remove(timeout);
    });
    session.on(
      "stream",
      (
        stream: ServerHttp2Stream,
        _headers: unknown,
        flags: number,
        raw: string[],
      ) => {
        for (const queue of [first, idle]) queue.remove(timeout);
        const hasBody = (flags & END_STREAM) === 0;
        void new Http2Exchange(stream, raw, hasBody, transport, connection)
          .serve();
      },
    );
  }

  return {
    serve(socket, connection) {
      arriving = connection;
      server.emit("connection", socket);
      arriving = undefined;
    },
    stop() {
      for (const queue of [first, idle]) queue.stop();
    },
  };
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
