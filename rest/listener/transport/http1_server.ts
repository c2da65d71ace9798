import {
  createHttpServer,
  type Duplex,
  type HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "../../../deps.ts";
import { detailOf } from "../../domain/fact.ts";
import { Refusal } from "../../domain/refusal.ts";
import { fieldsOf } from "../http/fields.ts";
import { refusalAnswer } from "../http/refusal_answer.ts";
import type { QueuedTimeout, TimeoutQueue } from "../http/timeout_queue.ts";
import type { Connection } from "./connections.ts";
import { plainAddress } from "./forwarded.ts";
import { type BodyComes, Http1Request } from "./http1_request.ts";
import {
  crowdedAnswer,
  HEAD_BYTES_MAX,
  rawAnswer,
  unreadable,
} from "./raw_answer.ts";
import { tidyNotesOf } from "./notes_on_heads.ts";
import type { Transport } from "./transport.ts";
import { WebSocketUpgrades } from "./websocket_upgrades.ts";

/** How often heads are looked at that take too long: a tenth of the shortest time they may be given. */
const CHECK_MS = 100;

/** Requests of one connection that may wait for answers: more than any client sends ahead, and no more than a connection may keep in memory. */
const PIPELINED_MAX = 16;

/** A socket of a server, whether the server made it or it was handed over. */
export type ServedSocket = Duplex & {
  readonly remoteAddress?: string | undefined;
};

/** A server of HTTP/1.1 for one transport: it listens, or is handed sockets. */
export class Http1Server {
  readonly server: HttpServer;
  readonly #transport: Transport;
  readonly #upgrades: WebSocketUpgrades;
  readonly #served = new WeakMap<object, Connection>();
  /** Its connection is closed. */
  #forget: (socket: object) => void = ignore;

  constructor(transport: Transport) {
    const { headTimeoutMs, headBytesMax } = transport.limits;
    const upgrades = new WebSocketUpgrades(transport);
    this.#transport = transport;
    this.#upgrades = upgrades;
    const options = {
      maxHeaderSize: headBytesMax ?? HEAD_BYTES_MAX,
      headersTimeout: headTimeoutMs,
      // Bodies have a time-out that grows with what comes.
      requestTimeout: 0,
      // Ours: a timer of Node's for each request took a third of a bare server's work.
      keepAliveTimeout: 0,
      connectionsCheckingInterval: CHECK_MS,
      // One that is missing is refused in words of ours.
      requireHostHeader: false,
      optimizeEmptyRequests: true,
      // Newer than the types that come with the runtime. Whoever takes a
      // connection over writes at once, so nobody may be waiting on it.
      shouldUpgradeCallback: (request: IncomingMessage) =>
        this.#served.get(request.socket)?.isIdle === true &&
        upgrades.isWanted(request),
    };
    this.server = createHttpServer(options);
    this.server.maxHeadersCount = 0;
    this.server.on("listening", () => {
      this.#forget = tidyNotesOf(this.server);
    });
    this.#listen();
  }

  /** Serves a connection that somebody else has accepted, and has let in if it is given. */
  serve(socket: ServedSocket, connection?: Connection): void {
    if (connection !== undefined) this.#served.set(socket, connection);
    this.server.emit("connection", socket);
  }

  #listen(): void {
    const { server } = this;
    const onRequest = this.#take.bind(this, "at once");
    server.on("connection", (socket) => {
      socket.on("close", () => this.#forget(socket));
      this.#enter(socket);
    });
    server.on("request", onRequest);
    server.on("checkContinue", this.#take.bind(this, "after 100 Continue"));
    // What else a request may expect nobody has to meet (RFC 9110, 10.1.1).
    server.on("checkExpectation", onRequest);
    server.on("connect", (request, socket) => {
      const connection = this.#served.get(socket);
      if (connection?.isIdle === false) return endBehind(connection, socket);
      void refuseConnect(request, socket, this.#transport);
    });
    server.on("upgrade", (request, socket, head) => {
      const connection = this.#served.get(socket);
      if (connection === undefined) return void socket.destroy();
      connection.isUpgraded = true;
      connection.onBusy?.();
      this.#upgrades.upgrade(request, socket, head, connection);
    });
    server.on("clientError", (error: Error & { code?: string }, socket) => {
      this.#spoil(error, socket);
    });
  }

  #letIn(socket: ServedSocket): Connection | undefined {
    const { connections, forwarded } = this.#transport;
    const address = plainAddress(socket.remoteAddress ?? "unix");
    const connection = connections.enter(
      address,
      forwarded.isTrusted(address),
      () => socket.destroy(),
    );
    if (connection === undefined) return undefined;
    this.#served.set(socket, connection);
    socket.on("close", () => connection.gone());
    return connection;
  }

  #enter(socket: ServedSocket): void {
    const connection = this.#served.get(socket) ?? this.#letIn(socket);
    if (connection === undefined) return part(socket, crowdedAnswer());
    const { idle } = this.#transport;
    const timeout = new IdleTimeout(socket);
    connection.onIdle = () => {
      const isOver = connection.isClosing || connection.isEnding;
      if (isOver) setImmediate(() => socket.writable && socket.end());
      else if (!socket.destroyed) timeout.startIn(idle);
    };
    connection.onBusy = () => idle.remove(timeout);
    socket.on("close", () => idle.remove(timeout));
  }

  #take(
    bodyComes: BodyComes,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const connection = this.#served.get(request.socket);
    // One that was not let in may have sent a request with its first bytes, and
    // what stands behind a last request is none.
    if (connection === undefined || connection.isClosing) return;
    if (connection.waitingCount >= PIPELINED_MAX) return connection.destroy();
    const transport = this.#transport;
    const served = new Http1Request(
      request,
      response,
      bodyComes,
      transport,
      connection,
    );
    // Where it ends is not certain, so nothing after it is a request.
    if (served.problem !== undefined) connection.isClosing = true;
    void served.serve();
  }

  /** What came on a connection cannot be read, or did not come in time. */
  #spoil(error: Error & { code?: string }, socket: ServedSocket): void {
    const connection = this.#served.get(socket);
    if (connection === undefined || !isTellable(error, socket)) {
      return void socket.destroy();
    }
    const wasClosing = connection.isClosing;
    // A request whose body has become unreadable is answered as it waits for it.
    if (connection.spoil() || wasClosing || !connection.isIdle) return;
    tellUnreadable(error.code, connection.address, socket, this.#transport);
  }
}

/** Ends a connection that nobody asks anything on any more. */
class IdleTimeout implements QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly #socket: ServedSocket;

  constructor(socket: ServedSocket) {
    this.#socket = socket;
  }

  startIn(queue: TimeoutQueue): void {
    if (this.next === undefined) queue.add(this);
  }

  act(): void {
    this.#socket.destroy();
  }
}

/** A server that is handed every connection, and how to stop it. */
export function createHandedHttp1Server(
  transport: Transport,
): {
  serve(socket: ServedSocket, connection?: Connection): void;
  stop(): void;
} {
  const http1 = new Http1Server(transport);
  const { server } = http1;
  // It listens to nothing; unless it believes that it does, it closes each
  // connection after one answer, and looks at no head's time.
  let isOpen = true;
  Object.defineProperty(server, "listening", { get: () => isOpen });
  server.emit("listening");
  return {
    serve: (socket, connection) => http1.serve(socket, connection),
    stop() {
      isOpen = false;
      server.close();
    },
  };
}

/** Whoever has sent nothing, or has gone, is told nothing. */
function isTellable(
  { code }: { readonly code?: string },
  socket: Duplex & { readonly bytesRead?: number },
): boolean {
  return socket.writable && code !== "ECONNRESET" && socket.bytesRead !== 0;
}

function tellUnreadable(
  code: string | undefined,
  caller: string,
  socket: Duplex,
  { facts }: Transport,
): void {
  const refusal = unreadable(code);
  const label = "(unreadable)";
  const about = { code: refusal.code, label, caller, ...detailOf(refusal) };
  facts({ kind: "refused", ...about });
  part(socket, refusalAnswer(refusal));
}

/** Has a connection end with the answers that are still to be given: what came last would be answered before them. */
function endBehind(connection: Connection, socket: Duplex): void {
  connection.isClosing = true;
  connection.onIdle = () => {
    setImmediate(() => socket.end(() => socket.destroy()));
  };
  socket.on("error", ignore);
  // The server looks after it no more: unread bytes would reset the answers,
  // and nobody would tell them to go on.
  socket.resume();
  socket.on("drain", () => connection.drained());
}

/** There is nobody to connect to: our upstream is one, and chosen by us. */
async function refuseConnect(
  request: IncomingMessage,
  socket: Duplex,
  { endpoint }: Transport,
): Promise<void> {
  socket.on("error", ignore);
  const answer = await endpoint.handle({
    method: "CONNECT",
    target: request.url ?? "",
    authority: undefined,
    isSecure: false,
    fields: fieldsOf(request.rawHeaders),
    remoteAddress: plainAddress(request.socket.remoteAddress ?? "unix"),
    body: undefined,
    callerGone: new AbortController().signal,
  }).catch(() => refusalAnswer(new Refusal("bad_path", "Cannot connect")));
  part(socket, answer);
}

/** Says a last word to a socket that no server reads any more. */
function part(
  socket: Duplex,
  answer: Parameters<typeof rawAnswer>[0],
): void {
  socket.on("error", ignore);
  socket.end(rawAnswer(answer), () => socket.destroy());
}

function ignore(): void {}
