import type { TlsPair } from "../../domain/tls_pair.ts";
import { type QueuedTimeout, TimeoutQueue } from "../http/timeout_queue.ts";
import { AcceptLoop } from "./accept_loop.ts";
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
import { type Transport, transportOf } from "./transport.ts";

/** How a port that speaks TLS is opened. */
export interface TlsListenOptions extends ListenOptions {
  readonly pair: TlsPair;
}

/** An open port that speaks TLS, with HTTP/2 for those who want it. */
export type TlsListener = PortListener & Required<Pick<Listener, "renew">>;

/** Opens the port; throws one sentence where that fails. */
export function startTlsListener(options: TlsListenOptions): TlsListener {
  checkThatFree(options);
  let { pair } = options;
  const transport = transportOf(options);
  const serve = createTlsServer(transport);
  const listener = open(options, pair);
  const address = listener.addr;
  let port = new AcceptLoop(listener, transport, serve.take);
  const at = { ...options, port: address.port };
  return {
    address,
    url: urlOf("https", address),
    renew(next) {
      if (next.cert === pair.cert && next.key === pair.key) return false;
      const former = port;
      // The new one first: at no moment is the port closed.
      port = new AcceptLoop(open(at, next), transport, serve.take);
      pair = next;
      former.close();
      return true;
    },
    endKeepAlive: () => transport.connections.endKeepAlive(),
    async shutdown() {
      port.close();
      await transport.connections.close();
      serve.close();
    },
  };
}

/** Gives each connection that has shaken hands to the server of the protocol agreed on. */
function createTlsServer(transport: Transport) {
  const http1 = createHandedHttp1Server(transport);
  const http2 = new Http2Server(transport);
  const handshakes = new TimeoutQueue(
    transport.clock,
    transport.limits.headTimeoutMs,
  );

  async function take(raw: Deno.TlsConn): Promise<void> {
    const handshake = new Handshake(raw);
    handshakes.add(handshake);
    try {
      const { alpnProtocol } = await raw.handshake();
      const socket = new RuntimeSocket(raw, true);
      if (alpnProtocol === "h2") http2.serve(socket);
      else http1.serve(socket);
    } catch {
      handshake.act();
    } finally {
      handshakes.remove(handshake);
    }
  }
  return {
    take: (raw: Deno.TlsConn) => void take(raw),
    close() {
      http1.stop();
      http2.stop();
      handshakes.stop();
      transport.unread.stop();
      transport.lingering.stop();
    },
  };
}

/**
 * A connection that has not shaken hands yet, and when it has had its time. The
 * runtime closes it only once its peer says something or leaves (Deno 2.9.6,
 * seen 2026-11); nothing of ours is kept for it after that time.
 */
class Handshake implements QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly #connection: Deno.TlsConn;

  constructor(connection: Deno.TlsConn) {
    this.#connection = connection;
  }

  act(): void {
    try {
      this.#connection.close();
    } catch {
      // It is closed already.
    }
  }
}

/**
 * Servers that share a port for the sake of a new certificate would share it
 * with another proxy as well, and nobody would notice: each would keep the
 * bot's limits on its own. So the port is asked for once without sharing.
 */
function checkThatFree({ host, port }: ListenOptions): void {
  try {
    Deno.listen({ hostname: host, port }).close();
  } catch (error) {
    throw new Error(`Cannot listen on ${host}:${port}: ${reasonOf(error)}`);
  }
}

function open(
  { host, port }: ListenOptions,
  { cert, key }: TlsPair,
): Deno.TlsListener {
  try {
    return Deno.listenTls({
      hostname: host,
      port,
      cert,
      key,
      alpnProtocols: ["h2", "http/1.1"],
      reusePort: true,
    });
  } catch (error) {
    throw new Error(
      pairProblem(error) ??
        `Cannot listen on ${host}:${port}: ${reasonOf(error)}`,
    );
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
