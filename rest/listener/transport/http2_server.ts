import {
  createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "../../../deps.ts";
import { type QueuedTimeout, TimeoutQueue } from "../http/timeout_queue.ts";
import type { Connection } from "./connections.ts";
import { Http2Request } from "./http2_request.ts";
import { HEAD_BYTES_MAX } from "./raw_answer.ts";
import { Outlet } from "./outlet.ts";
import type { TlsSocket } from "./tls_socket.ts";
import type { Transport } from "./transport.ts";

/** Requests under way at once on one connection; whoever has more waits for its own. */
const STREAMS_MAX = 256;

/** Bodies of one connection that may have arrived unread: room for many paused ones beside one that flows. */
const WINDOW_BYTES = 1024 * 1024;

/** The client's half of the preface is no header: this flag of a HEADERS frame says that no body follows. */
const END_STREAM = 1;

/** A connection whose session is about to begin. */
interface Arrival {
  readonly connection: Connection;
  readonly outlet: Outlet;
}

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
  /** Sessions that have not asked for anything yet. */
  readonly #first: TimeoutQueue;
  #arriving: Arrival | undefined;

  constructor(transport: Transport) {
    const { clock, limits } = transport;
    this.#transport = transport;
    this.#first = new TimeoutQueue(clock, limits.headTimeoutMs);
    this.#server.on("session", (session: ServerHttp2Session) => {
      if (this.#arriving === undefined) return session.destroy();
      this.#watch(session, this.#arriving);
    });
    // What is wrong with a session ends it; nobody else hears of it.
    this.#server.on("sessionError", ignore);
  }

  serve(socket: TlsSocket, connection: Connection): void {
    socket.on("error", ignore);
    // Who says goodbye has left; the session would go on as if it could still answer.
    socket.on("end", () => socket.destroy());
    this.#arriving = {
      connection,
      outlet: new Outlet(socket, this.#transport.unread),
    };
    this.#server.emit("connection", socket);
    this.#arriving = undefined;
  }

  /** Ends its timers. */
  stop(): void {
    this.#first.stop();
  }

  #watch(
    session: ServerHttp2Session,
    { connection, outlet }: Arrival,
  ): void {
    closeInTurnsOfItsOwn(session);
    const { idle } = this.#transport;
    const timeout = new SessionTimeout(session);
    const endTimeout = () => {
      this.#first.remove(timeout);
      idle.remove(timeout);
    };
    session.on("error", ignore);
    session.on("close", endTimeout);
    session.setLocalWindowSize?.(WINDOW_BYTES);
    this.#first.add(timeout);
    connection.onIdle = () => {
      if (connection.isClosing || connection.isEnding) return session.close();
      idle.add(timeout);
    };
    const onStream = (
      stream: ServerHttp2Stream,
      _headers: unknown,
      flags: number,
      raw: string[],
    ) => {
      endTimeout();
      const hasBody = (flags & END_STREAM) === 0;
      const transport = this.#transport;
      void new Http2Request(
        { stream, raw, hasBody, outlet },
        transport,
        connection,
      ).serve();
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

/**
 * The runtime closes a session as soon as its peer says GOAWAY, while nghttp2
 * is still reading; where a stream ends in the same moment the process aborts
 * (Deno 2.9.6, seen 2026-11-30: `stream->closed_next == NULL`). A turn later
 * nothing is being read.
 */
function closeInTurnsOfItsOwn(session: ServerHttp2Session): void {
  const close = session.close.bind(session);
  session.close = (done) => {
    setImmediate(() => {
      if (!session.destroyed) close(done);
    });
  };
}

function ignore(): void {}
