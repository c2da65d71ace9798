import type { HttpServer } from "../../../deps.ts";
import { Http1Server } from "./http1_server.ts";
import { keepAccepting } from "./keep_accepting.ts";
import {
  type Listener,
  type PortListener,
  reasonOf,
  urlOf,
} from "./listener.ts";
import {
  type ServeOptions,
  stopTimers,
  type Transport,
  transportOf,
} from "./transport.ts";

/** How a port is opened. */
export interface ListenOptions extends ServeOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

/** Opens the port; rejects with one sentence where that fails. */
export async function startListener(
  options: ListenOptions,
): Promise<PortListener> {
  const { host, port } = options;
  const transport = transportOf(options);
  const { server } = new Http1Server(transport);
  try {
    await listening(server, { host, port });
  } catch (error) {
    throw new Error(`Cannot listen on ${host}:${port}: ${reasonOf(error)}`);
  }
  const address = addressOf(server);
  return {
    address,
    url: urlOf("http", address),
    endKeepAlive: () => transport.connections.endKeepAlive(),
    shutdown: keptOpen(server, transport),
  };
}

/**
 * Listens on a socket that somebody outside holds, so that callers wait in its
 * line while one process follows another; rejects with one sentence where that fails.
 */
export async function startPassedListener(
  options: ServeOptions & { readonly fd: number },
): Promise<Listener> {
  const { fd } = options;
  const transport = transportOf(options);
  const { server } = new Http1Server(transport);
  try {
    await listening(server, { fd });
  } catch {
    throw new Error(
      `Cannot listen on file descriptor ${fd}: it is no socket that listens. LISTEN_FDS says that one was passed on`,
    );
  }
  const address = server.address();
  return {
    url: typeof address === "object" && address !== null
      ? urlOf("http", addressOf(server))
      : `fd:${fd}`,
    isHeldOutside: true,
    endKeepAlive: () => transport.connections.endKeepAlive(),
    shutdown: keptOpen(server, transport),
  };
}

/** Has a server listen, and settles when it does. */
function listening(
  server: HttpServer,
  place: { readonly host: string; readonly port: number } | {
    readonly fd: number;
  },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(place, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

/** Keeps it open, and says how to shut it down. */
function keptOpen(
  server: HttpServer,
  transport: Transport,
): () => Promise<void> {
  const stopKeeping = keepAccepting(server, transport);
  return async () => {
    stopKeeping();
    const closed = new Promise((resolve) => server.close(resolve));
    await transport.connections.close();
    await closed;
    stopTimers(transport);
  };
}

function addressOf(server: HttpServer): PortListener["address"] {
  const address = server.address();
  return typeof address === "object" && address !== null
    ? { hostname: address.address, port: address.port }
    : { hostname: "", port: 0 };
}
