import type { Target } from "../domain/request.ts";

/** The only host that requests are sent to. */
export interface FixedHost {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly isTls: boolean;
  /** A name or an address, in the form that sockets take. */
  readonly hostname: string;
  readonly port: number;
  /** The target of the request line: the caller's path and query, byte for byte, behind base path and version. */
  pathOf(target: Target): string;
}

/**
 * Reads the base URL once, when the process starts.
 *
 * Connections are opened to `hostname` and `port`, whatever a request says, and
 * its target is appended to the path of `baseUrl` in the request line. URLs are
 * never resolved, so `//evil`, `@evil` and `\evil` are only unknown paths.
 */
export function fixedHost(baseUrl: string): FixedHost {
  const { origin, protocol, hostname, port, pathname } = new URL(baseUrl);
  const isTls = protocol === "https:";
  const basePath = pathname.replace(/\/+$/, "");
  return {
    origin,
    isTls,
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (isTls ? 443 : 80) : Number(port),
    pathOf: ({ version, path, query }) =>
      `${basePath}/v${version}${path}${query}`,
  };
}
