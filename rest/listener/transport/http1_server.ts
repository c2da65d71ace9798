import {
  createHttpServer,
  type Duplex,
  type HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "../../../deps.ts";
import { Refusal } from "../../domain/refusal.ts";
import { fieldsOf } from "../http/fields.ts";
import { refusalAnswer } from "../http/refusal_answer.ts";
import type { Connection } from "./connections.ts";
import { plainAddress } from "./forwarded.ts";
import { Http1Exchange } from "./http1_exchange.ts";
import {
  crowdedAnswer,
  HEAD_BYTES_MAX,
  rawAnswer,
  unreadable,
} from "./raw_answer.ts";
import type { Transport } from "./transport.ts";
import { WebSocketUpgrades } from "./websocket_upgrades.ts";

/** How often heads are looked at that take too long: a tenth of the shortest time they may be given. */
const CHECK_MS = 100;

/** A socket of a server, whether the server made it or it was handed over. */
export type ServedSocket = Duplex & { readonly remoteAddress?: string };

/** A server of HTTP/1.1 for one transport: it listens, or is handed sockets. */
export interface Http1Server {
  readonly server: HttpServer;
  /** Serves a connection that has been let in already. */
  serve(socket: ServedSocket, connection: Connection): void;
}

/** Puts a server before the endpoint. It takes no connections yet. */
export function createHttp1Server(transport: Transport): Http1Server {
  const { limits } = transport;
  const upgrades = new WebSocketUpgrades(transport);
  const server = createHttpServer(
    {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: limits.headTimeoutMs,
      // Bodies have a time-out that grows with what comes.
      requestTimeout: 0,
      keepAliveTimeout: limits.idleTimeoutMs,
      connectionsCheckingInterval: CHECK_MS,
      // Both are refused in words of ours.
      requireHostHeader: false,
      shouldUpgradeCallback: (request: IncomingMessage) =>
        upgrades.isWanted(request),
    } as Parameters<typeof createHttpServer>[0],
  );
  server.maxHeadersCount = 0;
  const served = new WeakMap<object, Connection>();

  function enter(socket: ServedSocket): void {
    if (served.has(socket)) return;
    const address = plainAddress(socket.remoteAddress ?? "unix");
    const connection = transport.connections.enter(
      address,
      transport.forwarded.isTrusted(address),
      () => socket.destroy(),
    );
    if (connection === undefined) return part(socket, crowdedAnswer());
    watch(socket, connection);
  }
  function watch(socket: ServedSocket, connection: Connection): void {
    served.set(socket, connection);
    connection.onIdle = () => {
      if (connection.isClosing) setImmediate(() => socket.end());
    };
    socket.on("close", () => connection.gone());
  }
  const take = (isAwaitingContinue: boolean) =>
  (
    request: IncomingMessage,
    response: ServerResponse,
  ): void => {
    const connection = served.get(request.socket);
    // One that was not let in may have sent a request with its first bytes, and
    // what stands behind a last request is none.
    if (connection === undefined || connection.isClosing) return;
    void new Http1Exchange(
      request,
      response,
      isAwaitingContinue,
      transport,
      connection,
    ).serve();
  };
  server.on("connection", enter);
  server.on("request", take(false));
  server.on("checkContinue", take(true));
  server.on("checkExpectation", take(false));
  server.on("connect", (request, socket) => {
    void refuseConnect(request, socket, transport);
  });
  server.on("upgrade", (request, socket, head) => {
    const connection = served.get(socket);
    if (connection === undefined) return void socket.destroy();
    upgrades.upgrade(request, socket, head, connection);
  });
  server.on("clientError", (error: Error & { code?: string }, socket) => {
    const connection = served.get(socket);
    if (connection === undefined || !isTellable(error, socket)) {
      return void socket.destroy();
    }
    const wasClosing = connection.isClosing;
    // A request whose body has become unreadable is answered as it waits for it.
    if (connection.spoil() || wasClosing || !connection.isIdle) return;
    tellUnreadable(error.code, connection.address, socket, transport);
  });
  return {
    server,
    serve(socket, connection) {
      watch(socket, connection);
      server.emit("connection", socket);
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
  facts({ kind: "refused", code: refusal.code, label: "(unreadable)", caller });
  part(socket, refusalAnswer(refusal));
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
export function part(
  socket: Duplex,
  answer: Parameters<typeof rawAnswer>[0],
): void {
  socket.on("error", ignore);
  socket.end(rawAnswer(answer), () => socket.destroy());
}

function ignore(): void {}
