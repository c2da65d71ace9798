import { connectTcp, connectTls, isIP, type Socket } from "../../deps.ts";

/** One end of a connection of ours. */
export interface SocketPlace {
  readonly isTls: boolean;
  /** A name or an address, as a socket wants it. */
  readonly hostname: string;
  readonly port: number;
}

/** How sockets leave this machine, and whom they trust. */
export interface SocketOptions {
  /** Certificate authorities to trust, in PEM; undefined: the runtime's own list. */
  readonly caCertificates: string | undefined;
  /** The address of this machine to send from; undefined: the system chooses. */
  readonly localAddress: string | undefined;
}

/** Opens a socket to this place: TLS where it speaks TLS. */
export function openSocket(
  place: SocketPlace,
  options: SocketOptions,
): Socket {
  const { hostname, port, isTls } = place;
  const { localAddress } = options;
  const to = {
    host: hostname,
    port,
    // A name may have addresses of both families; ours has one.
    ...(localAddress !== undefined && {
      localAddress,
      family: isIP(localAddress),
    }),
  };
  if (!isTls) return connectTcp(to);
  return connectTls({ ...to, ...tlsOptions(hostname, options) });
}

/** Speaks TLS with `hostname` over a socket that leads there. */
export function startTls(
  socket: Socket,
  hostname: string,
  options: SocketOptions,
): Socket {
  return connectTls({ socket, ...tlsOptions(hostname, options) });
}

/** The event with which a socket to this place can be used. */
export function readyEventOf(
  { isTls }: SocketPlace,
): "secureConnect" | "connect" {
  return isTls ? "secureConnect" : "connect";
}

function tlsOptions(hostname: string, { caCertificates }: SocketOptions) {
  return {
    // Addresses cannot be asked for by name (RFC 6066, 3).
    servername: isIP(hostname) === 0 ? hostname : "",
    ALPNProtocols: ["http/1.1"],
    ...(caCertificates !== undefined && { ca: caCertificates }),
  };
}
