import type { undiciConnector } from "../../deps.ts";
import type { OutboundProxy } from "../domain/outbound_proxy.ts";
import type { FixedHost } from "./fixed_host.ts";
import { openSocket, readyEventOf, type SocketOptions } from "./open_socket.ts";
import type { Timed, Timeouts } from "./timeouts.ts";
import { type Opened, openTunnel } from "./tunnel.ts";

/** How connections to the one host are opened. */
export interface ConnectorOptions extends SocketOptions {
  readonly timeouts: Timeouts;
  /** For name resolution, connection, tunnel and TLS together. */
  readonly timeoutMs: number;
  /** The proxy that every connection goes through; undefined: none. */
  readonly proxy: OutboundProxy | undefined;
}

/**
 * Opens connections to one host only, whatever undici asks for: through the
 * outbound proxy where there is one. They speak HTTP/1.1, since TLS offers
 * nothing else.
 */
export function connectorTo(
  host: FixedHost,
  options: ConnectorOptions,
): undiciConnector.connector {
  const { timeouts, timeoutMs, proxy } = options;
  const open = (opened: Opened) =>
    proxy === undefined
      ? openDirectly(host, options, opened)
      : openTunnel(proxy, host, options, opened);

  return (_asked, callback) => {
    let isTold = false;
    const opened: Opened = (error, socket) => {
      if (isTold) return;
      isTold = true;
      timeouts.delete(timed);
      if (socket === null) callback(error ?? new Error("Not open"), null);
      else callback(null, socket);
    };
    const timed: Timed = {
      ticksLeft: timeouts.ticksOf(timeoutMs),
      next: undefined,
      previous: undefined,
      expire: () => {
        timeouts.delete(timed);
        giveUp(new ConnectTimeout());
      },
    };
    timeouts.add(timed);
    const giveUp = open(opened);
  };
}

function openDirectly(
  host: FixedHost,
  options: SocketOptions,
  opened: Opened,
): (error: Error) => void {
  const socket = openSocket(host, options);
  socket.setNoDelay();
  socket.once(readyEventOf(host), () => opened(null, socket));
  socket.on("error", (error) => opened(error, null));
  return (error) => void socket.destroy(error);
}

class ConnectTimeout extends Error {
  readonly code = "CONNECT_TIMEOUT";
}
