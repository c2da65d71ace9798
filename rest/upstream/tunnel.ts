import { Client, type Socket } from "../../deps.ts";
import type { OutboundProxy } from "../domain/outbound_proxy.ts";
import {
  openSocket,
  readyEventOf,
  type SocketOptions,
  type SocketPlace,
  startTls,
} from "./open_socket.ts";

/** Told once: with the first error, or with a socket that can be used. */
export type Opened = (error: Error | null, socket: Socket | null) => void;

/**
 * Opens a tunnel through a forward proxy (RFC 9110, 9.3.6). It is asked for
 * with CONNECT whatever the host speaks, so over TLS the proxy learns host and
 * port and nothing else. Returns what gives the attempt up.
 */
export function openTunnel(
  proxy: OutboundProxy,
  host: SocketPlace,
  options: SocketOptions,
  opened: Opened,
): (error: Error) => void {
  const socket = openSocket(proxy, options);
  socket.setNoDelay();
  // Also told after the tunnel stands: nobody else listens to it then.
  socket.on("error", (error) => opened(error, null));
  // It reads the proxy's answer. Its own time-outs are off: ours covers all of it.
  const client = new Client("http://outbound-proxy", {
    connect: (_asked, callback) => {
      socket.once(readyEventOf(proxy), () => callback(null, socket));
      socket.once("error", (error) => callback(error, null));
    },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  client.connect(connectRequest(proxy, host), (error, answer) => {
    if (error !== null) return opened(error, null);
    void client.close();
    if (answer.statusCode !== 200) {
      socket.destroy();
      return opened(new TunnelRefused(answer.statusCode), null);
    }
    if (!host.isTls) return opened(null, socket);
    const secure = startTls(socket, host.hostname, options);
    secure.on("error", (error) => opened(error, null));
    secure.once("secureConnect", () => opened(null, secure));
  });
  return (error) => void socket.destroy(error);
}

function connectRequest(
  { authorization }: OutboundProxy,
  { hostname, port }: SocketPlace,
): { path: string; headers: Record<string, string> } {
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  const path = `${name}:${port}`;
  return {
    path,
    headers: {
      host: path,
      ...(authorization !== undefined && {
        "proxy-authorization": authorization.reveal(),
      }),
    },
  };
}

/** The proxy answered, but opened no tunnel: `OUTBOUND_PROXY_407`, for instance. */
class TunnelRefused extends Error {
  readonly code: string;

  constructor(status: number) {
    super("The outbound proxy opened no tunnel");
    this.code = `OUTBOUND_PROXY_${status}`;
  }
}
