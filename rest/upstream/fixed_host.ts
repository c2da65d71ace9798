import type { Target } from "../domain/request.ts";

/** The one place requests go to. */
export interface FixedHost {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly isTls: boolean;
  /** A name or an address, as a socket wants it. */
  readonly hostname: string;
  readonly port: number;
  /** The request line's target, byte for byte as the caller spelt it. */
  pathOf(target: Target): string;
}

/**
 * Fixes where requests go, once, when the process starts.
 *
 * Connections are opened to `hostname` and `port` whatever a request says, and
 * its target becomes text behind `baseUrl`'s path in the request line. No URL is
 * ever resolved, so `//evil`, `@evil` or `\evil` is only a path nobody knows.
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
