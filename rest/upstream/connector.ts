import {
  connectTcp,
  connectTls,
  isIP,
  type undiciConnector,
} from "../../deps.ts";
import type { FixedHost } from "./fixed_host.ts";
import type { Timed, Timeouts } from "./timeouts.ts";

/** How connections to the one host are opened. */
export interface ConnectorOptions {
  readonly timeouts: Timeouts;
  /** For name resolution, connection and TLS together. */
  readonly timeoutMs: number;
  /** Certificate authorities to trust, in PEM; undefined: the runtime's own list. */
  readonly caCertificates: string | undefined;
}

/**
 * Opens connections to one host only, whatever undici asks for. They speak
 * HTTP/1.1, since TLS offers nothing else.
 */
export function connectorTo(
  host: FixedHost,
  options: ConnectorOptions,
): undiciConnector.connector {
  const { timeouts, timeoutMs, caCertificates } = options;
  const { hostname, port } = host;
  const open = host.isTls
    ? () =>
      connectTls({
        host: hostname,
        port,
        // SNI takes names only, no addresses (RFC 6066, 3).
        servername: isIP(hostname) === 0 ? hostname : "",
        ALPNProtocols: ["http/1.1"],
        ...(caCertificates !== undefined && { ca: caCertificates }),
      })
    : () => connectTcp({ host: hostname, port });

  return (_asked, callback) => {
    const socket = open();
    const timed: Timed = {
      ticksLeft: timeouts.ticksOf(timeoutMs),
      next: undefined,
      previous: undefined,
      expire: () => {
        timeouts.delete(timed);
        socket.destroy(new ConnectTimeout());
      },
    };
    let isTold = false;
    const tell: typeof callback = (...outcome) => {
      if (isTold) return;
      isTold = true;
      timeouts.delete(timed);
      callback(...outcome);
    };
    timeouts.add(timed);
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
