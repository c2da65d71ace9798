import {
  connectTcp,
  connectTls,
  isIP,
  type undiciConnector,
} from "../../deps.ts";
import type { FixedHost } from "./fixed_host.ts";
import type { Watch, Watched } from "./watch.ts";

/** How connections to the one host are opened. */
export interface ConnectorOptions {
  readonly watch: Watch;
  /** For name, connection and TLS together. */
  readonly timeoutMs: number;
  /** Authorities to trust, in PEM; undefined: the runtime's own list. */
  readonly caCertificates: string | undefined;
}

/**
 * Opens connections to one host and no other: what undici asks for is not
 * looked at. HTTP/1.1 only, since TLS offers nothing else.
 */
export function connectorTo(
  host: FixedHost,
  options: ConnectorOptions,
): undiciConnector.connector {
  const { watch, timeoutMs, caCertificates } = options;
  const { hostname, port } = host;
  const open = host.isTls
    ? () =>
      connectTls({
        host: hostname,
        port,
        // Addresses cannot be asked for by name (RFC 6066, 3).
        servername: isIP(hostname) === 0 ? hostname : "",
        ALPNProtocols: ["http/1.1"],
        ...(caCertificates !== undefined && { ca: caCertificates }),
      })
    : () => connectTcp({ host: hostname, port });

  return (_asked, callback) => {
    const socket = open();
    const watched: Watched = {
      ticksLeft: watch.ticksOf(timeoutMs),
      next: undefined,
      previous: undefined,
      expire: () => {
        watch.delete(watched);
        socket.destroy(new ConnectTimeout());
      },
    };
    let isTold = false;
    const tell: typeof callback = (...outcome) => {
      if (isTold) return;
      isTold = true;
      watch.delete(watched);
      callback(...outcome);
    };
    watch.add(watched);
    socket.setNoDelay();
    socket.once(
      host.isTls ? "secureConnect" : "connect",
      () => tell(null, socket),
    );
    socket.on("error", (error) => tell(error, null));
  };
}

class ConnectTimeout extends Error {
  readonly code = "CONNECT_TIMEOUT";
}
