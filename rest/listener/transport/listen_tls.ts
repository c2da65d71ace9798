import { createSecureContext, TlsStream } from "../../../deps.ts";
import type { TlsPair } from "../../domain/tls_pair.ts";
import { type QueuedTimeout, TimeoutQueue } from "../http/timeout_queue.ts";
import { AcceptLoop } from "./accept_loop.ts";
import type { Connection } from "./connections.ts";
import { createHandedHttp1Server } from "./http1_server.ts";
import { Http2Server } from "./http2_server.ts";
import type { ListenOptions } from "./listen.ts";
import {
  type Listener,
  type PortListener,
  reasonOf,
  urlOf,
} from "./listener.ts";
import { RuntimeSocket } from "./runtime_socket.ts";
import { TlsSocket } from "./tls_socket.ts";
import { stopTimers, type Transport, transportOf } from "./transport.ts";

/** How a port that speaks TLS is opened. */
export interface TlsListenOptions extends ListenOptions {
  readonly pair: TlsPair;
}

/** An open port that speaks TLS, with HTTP/2 for those who want it. */
export type TlsListener = PortListener & Required<Pick<Listener, "renew">>;

/** Opens the port; throws one sentence where that fails. */
export function startTlsListener(options: TlsListenOptions): TlsListener {
  const { host } = options;
  let { pair } = options;
  const listener = open(options);
  const transport = transportOf(options);
  const entry = new TlsEntry(transport, pair);
  const accepting = new AcceptLoop(
    listener,
    transport,
    (raw: Deno.TcpConn) => entry.take(raw),
  );
  const address = listener.addr;
  return {
    address,
    url: urlOf("https", address),
    renew(next) {
      if (next.cert === pair.cert && next.key === pair.key) return false;
      checkPair(next, host);
      pair = next;
      entry.show(pair);
      return true;
    },
    endKeepAlive: () => transport.connections.endKeepAlive(),
    async shutdown() {
      accepting.close();
      await transport.connections.close();
      entry.stop();
      stopTimers(transport);
    },
  };
}

function open({ host, port, pair }: TlsListenOptions): Deno.TcpListener {
  checkPair(pair, host);
  try {
    return Deno.listen({ hostname: host, port });
  } catch (error) {
    throw new Error(`Cannot listen on ${host}:${port}: ${reasonOf(error)}`);
  }
}

/**
 * Shakes hands, and gives each connection to the server of the protocol agreed
 * on. A connection counts from the moment it is accepted, and has as long to
 * shake hands as others have for a head. That is why the runtime's listener
 * with TLS is not used: what that has accepted can be ended only once its peer
 * says something (Deno 2.9.6, seen 2026-11).
 */
class TlsEntry {
  readonly #transport: Transport;
  readonly #http1: ReturnType<typeof createHandedHttp1Server>;
  readonly #http2: Http2Server;
  readonly #handshakes: TimeoutQueue;
  #context: ReturnType<typeof createSecureContext>;

  constructor(transport: Transport, pair: TlsPair) {
    const { clock, limits } = transport;
    this.#transport = transport;
    this.#context = createSecureContext(pair);
    this.#http1 = createHandedHttp1Server(transport);
    this.#http2 = new Http2Server(transport);
    this.#handshakes = new TimeoutQueue(clock, limits.headTimeoutMs);
  }

  /** Shows new connections this pair; old ones keep theirs. */
  show(pair: TlsPair): void {
    this.#context = createSecureContext(pair);
  }

  stop(): void {
    this.#http1.stop();
    this.#http2.stop();
    this.#handshakes.stop();
  }

  take(raw: Deno.TcpConn): void {
    raw.setNoDelay();
    const below = new RuntimeSocket(raw);
    const { connections, forwarded } = this.#transport;
    const { remoteAddress } = below;
    below.on("error", ignore);
    const connection = connections.enter(
      remoteAddress,
      forwarded.isTrusted(remoteAddress),
      () => below.destroy(),
    );
    if (connection === undefined) return void below.destroy();
    const handshake = new Handshake(below);
    this.#handshakes.add(handshake);
    // Who says no more cannot finish it: waiting would keep a file for one who has left.
    const leave = () => below.destroy();
    below.on("end", leave);
    below.on("close", () => {
      this.#handshakes.remove(handshake);
      connection.gone();
    });
    this.#shakeHands(below, () => {
      this.#handshakes.remove(handshake);
      below.off("end", leave);
    }, connection);
  }

  #shakeHands(
    below: RuntimeSocket,
    onDone: () => void,
    connection: Connection,
  ): void {
    const tls = new TlsStream(below, {
      isServer: true,
      secureContext: this.#context,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    tls.on("error", () => below.destroy());
    tls.on("close", () => below.destroy());
    tls.on("secure", () => {
      onDone();
      const socket = new TlsSocket(tls, below);
      if (tls.alpnProtocol === "h2") this.#http2.serve(socket, connection);
      else this.#http1.serve(socket, connection);
    });
    below.on("close", () => tls.destroy());
  }
}

/** A connection that has not shaken hands yet, and when it has had its time. */
class Handshake implements QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly #below: RuntimeSocket;

  constructor(below: RuntimeSocket) {
    this.#below = below;
  }

  act(): void {
    this.#below.destroy();
  }
}

/** Only a listener of the runtime's tells what is wrong with a pair; Node's take any, and fail with each caller (Deno 2.9.6). */
function checkPair({ cert, key }: TlsPair, hostname: string): void {
  try {
    Deno.listenTls({ hostname, port: 0, cert, key }).close();
  } catch (error) {
    const problem = pairProblem(error);
    if (problem !== undefined) throw new Error(problem);
    // That nobody can listen there is said by who wants to.
  }
}

/** The runtime has no class of its own for these, only messages (seen 2026-11, Deno 2.9.6). */
function pairProblem(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : "";
  if (/consistent|mismatch/i.test(message)) {
    return "Cannot speak TLS: the key in REST_TLS_KEY is not that of the certificate in REST_TLS_CERT";
  }
  return /certificate|key/i.test(message)
    ? "Cannot speak TLS: REST_TLS_CERT or REST_TLS_KEY cannot be read; want PEM, no passphrase, no SHA-1"
    : undefined;
}

function ignore(): void {}
