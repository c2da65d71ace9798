import {
  type Duplex,
  type IncomingMessage,
  WebSocketServer,
} from "../../../deps.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { HeaderList } from "../../domain/headers.ts";
import { fieldOf, fieldsOf } from "../http/fields.ts";
import type {
  AcceptedUpgrade,
  IncomingRequest,
  OpenSocket,
  SocketListener,
} from "../http/incoming_request.ts";
import { refusalAnswer } from "../http/refusal_answer.ts";
import { type QueuedTimeout, TimeoutQueue } from "../http/timeout_queue.ts";
import type { Connection } from "./connections.ts";
import { rawAnswer } from "./raw_answer.ts";
import { isSecure } from "./handed_socket.ts";
import type { Transport } from "./transport.ts";

/** Above it a frame is closed with 1009 before it is read; what is larger goes over HTTP (E6). */
const FRAME_BYTES_MAX = 8 * 1024 * 1024;

/** What somebody may send before it has shown a key. An authentication frame is far below it. */
const UNTRUSTED_BYTES_MAX = 64 * 1024;

/** A bot that hangs is noticed within half a minute, and routers forget connections no sooner. */
const PING_MS = 15_000;

/** As much of a WebSocket of the package as is used; it brings no types of its own. */
interface WsSocket {
  readonly readyState: number;
  readonly OPEN: number;
  readonly bufferedAmount: number;
  send(text: string, onTaken?: () => void): void;
  ping(): void;
  close(code: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  on(
    event: "message",
    listener: (data: Uint8Array, isBinary: boolean) => void,
  ): void;
  on(event: "ping" | "pong" | "error" | "close", listener: () => void): void;
}

/** As much of its server. */
interface WsServer {
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
    listener: (webSocket: WsSocket) => void,
  ): void;
  off(event: "headers", listener: (lines: string[]) => void): void;
  on(event: "headers", listener: (lines: string[]) => void): void;
  on(
    event: "wsClientError",
    listener: (error: Error, socket: Duplex) => void,
  ): void;
}

/** Opens WebSockets on sockets of a server of HTTP/1.1. */
export class WebSocketUpgrades {
  readonly #transport: Transport;
  readonly #server: WsServer;
  readonly #pings: TimeoutQueue;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#pings = new TimeoutQueue(transport.clock, PING_MS);
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: FRAME_BYTES_MAX,
      perMessageDeflate: false,
    });
    this.#server.on("wsClientError", (_error, socket) => {
      partWith(
        socket,
        new Refusal(
          "bad_request",
          "Cannot open a WebSocket: Upgrade, Connection: Upgrade, Sec-WebSocket-Version: 13 and Sec-WebSocket-Key are wanted",
        ),
      );
    });
  }

  /** Whether it is one of ours; others are answered as if they had asked for no upgrade. */
  isWanted({ method, url, rawHeaders }: IncomingMessage): boolean {
    return this.#transport.endpoint.isUpgrade({
      method: method ?? "",
      target: url ?? "",
      fields: fieldsOf(rawHeaders),
    });
  }

  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
    connection: Connection,
  ): void {
    socket.on("error", ignore);
    const incoming = this.#incomingOf(request, connection);
    const outcome = this.#transport.endpoint.upgrade(incoming);
    if ("status" in outcome) {
      socket.end(rawAnswer(outcome), () => socket.destroy());
      return;
    }
    this.#open(request, socket, head, outcome);
  }

  #incomingOf(
    { method, url, rawHeaders, socket }: IncomingMessage,
    { address }: Connection,
  ): IncomingRequest {
    const fields = fieldsOf(rawHeaders);
    return {
      method: method ?? "",
      target: url ?? "",
      authority: undefined,
      isSecure: isSecure(socket),
      fields,
      remoteAddress: this.#transport.forwarded.addressOf(address, fields),
      body: undefined,
      callerGone: NEVER_GONE,
      problem: bodyProblemOf(fields),
    };
  }

  #open(
    request: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
    { protocol, listener }: AcceptedUpgrade,
  ): void {
    // The package refuses lists that are not spelt its way (C2).
    delete request.headers["sec-websocket-protocol"];
    const addProtocol = (lines: string[]) => {
      if (protocol === undefined) return;
      lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
    };
    this.#server.on("headers", addProtocol);
    this.#server.handleUpgrade(
      request,
      socket,
      head,
      // Whoever listened to the socket before the package would take what came
      // together with the request from it.
      (webSocket) =>
        this.#listen(webSocket, new UntrustedBytes(socket), listener),
    );
    this.#server.off("headers", addProtocol);
  }

  #listen(
    webSocket: WsSocket,
    count: UntrustedBytes,
    listener: SocketListener,
  ): void {
    const pulse = new Pulse(webSocket, this.#pings);
    webSocket.on("message", (data, isBinary) => {
      pulse.beat();
      listener.received(isBinary ? new Uint8Array(data) : decoder.decode(data));
    });
    webSocket.on("pong", () => pulse.beat());
    webSocket.on("ping", () => pulse.beat());
    // What it says, the close after it says too.
    webSocket.on("error", ignore);
    webSocket.on("close", () => {
      pulse.stop();
      count.stop();
      listener.closed();
    });
    listener.opened(openSocketOf(webSocket, () => count.stop()));
  }
}

/** Some servers would read what follows as its body, and others as frames. */
function bodyProblemOf(fields: HeaderList): string | undefined {
  const length = fieldOf(fields, "content-length") ?? "0";
  const coding = fieldOf(fields, "transfer-encoding");
  return length === "0" && coding === null
    ? undefined
    : "Cannot open a WebSocket: its request has no body; leave Content-Length and Transfer-Encoding out";
}

/** The package has checked that it is UTF-8. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const NEVER_GONE = new AbortController().signal;

function openSocketOf(webSocket: WsSocket, trust: () => void): OpenSocket {
  return {
    get isOpen() {
      return webSocket.readyState === webSocket.OPEN;
    },
    get bufferedAmount() {
      return webSocket.bufferedAmount;
    },
    send: (text, onTaken) => webSocket.send(text, onTaken),
    close: (code, reason) => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
    trust,
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
  };
}

/** Counts what a socket brings before its caller has shown a key, and cuts it where that is too much. */
class UntrustedBytes {
  readonly #socket: Duplex;
  #bytes = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("data", this.#count);
  }

  /** It has shown one, or is gone. */
  stop(): void {
    this.#socket.off("data", this.#count);
  }

  readonly #count = (chunk: Uint8Array): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > UNTRUSTED_BYTES_MAX) this.#socket.destroy();
  };
}

/** Pings a socket that says nothing, and ends it where it says nothing to that either (H1). */
class Pulse implements QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly #webSocket: WsSocket;
  readonly #queue: TimeoutQueue;
  #state: "heard" | "pinged" | "closed" = "heard";

  constructor(webSocket: WsSocket, queue: TimeoutQueue) {
    this.#webSocket = webSocket;
    this.#queue = queue;
    queue.add(this);
  }

  beat(): void {
    if (this.#state === "pinged") this.#state = "heard";
  }

  stop(): void {
    this.#queue.remove(this);
    this.#queue.rest();
  }

  act(): void {
    const webSocket = this.#webSocket;
    if (this.#state === "closed") return webSocket.terminate();
    this.#queue.add(this);
    if (this.#state === "pinged") {
      this.#state = "closed";
      return webSocket.close(1001);
    }
    this.#state = "pinged";
    webSocket.ping();
  }
}

function partWith(socket: Duplex, refusal: Refusal): void {
  socket.end(rawAnswer(refusalAnswer(refusal)), () => socket.destroy());
}

function ignore(): void {}
