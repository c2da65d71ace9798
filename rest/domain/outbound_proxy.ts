import type { Secret } from "./secret.ts";

/** A forward proxy that connections to Discord are opened through. */
export interface OutboundProxy {
  /** Whether the proxy itself is spoken to over TLS. */
  readonly isTls: boolean;
  /** A name or an address, as a socket wants it. */
  readonly hostname: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`, where the proxy wants one. */
  readonly authorization: Secret | undefined;
}
