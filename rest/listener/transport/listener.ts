import type { TlsPair } from "../../domain/tls_pair.ts";

/** Something open that callers come in by. */
export interface Listener {
  /** Where it is, as people are told: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Somebody outside holds its socket: who comes after `shutdown` waits there for the next process. */
  readonly isHeldOutside?: boolean;
  /** Lets every connection end with its next answer: `Connection: close`, or GOAWAY after it. */
  endKeepAlive(): void;
  /** Takes no new connections and settles once every answer under way is out. */
  shutdown(): Promise<void>;
  /**
   * Shows new connections another certificate; false: it is the one in use.
   * What is open stays open. Throws one sentence where it cannot be used, and
   * then nothing has changed. Undefined where no TLS is spoken.
   */
  readonly renew?: (pair: TlsPair) => boolean;
}

/** An open port. */
export interface PortListener extends Listener {
  readonly address: { readonly hostname: string; readonly port: number };
}

/** The address of an open port, as people write it; IPv6 in brackets. */
export function urlOf(
  scheme: "http" | "https",
  { hostname, port }: PortListener["address"],
): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${scheme}://${host}:${port}`;
}

/** Why a port could not be opened, and what to do. */
export function reasonOf(error: unknown): string {
  if (isError(error, Deno.errors.AddrInUse, "EADDRINUSE")) {
    return "something else listens there already; stop it or set REST_PORT";
  }
  if (isError(error, Deno.errors.AddrNotAvailable, "EADDRNOTAVAIL", "EINVAL")) {
    return "this machine has no such address; set REST_HOST";
  }
  return isForbidden(error)
    ? "it is not permitted; ports below 1024 need privileges, and Deno needs --allow-net"
    : "the address cannot be used; check REST_HOST and REST_PORT";
}

/** Whether an error says that something is not permitted, by the system or by the runtime. */
export function isForbidden(error: unknown): boolean {
  return isError(error, Deno.errors.PermissionDenied, "EACCES") ||
    isError(error, Deno.errors.NotCapable, "EPERM");
}

/** The runtime's own classes, or the codes that Node gives the same error. */
export function isError(
  error: unknown,
  kind: new (message: string) => Error,
  ...codes: string[]
): boolean {
  if (error instanceof kind) return true;
  const code = error instanceof Error && "code" in error ? error.code : "";
  return codes.some((one) => one === code);
}

/** A few turns of the event loop, each of which takes in connections. */
const TAKE_IN_MS = 10;

/** Shuts down. What the system has accepted and nobody has taken in yet would be reset by that, so it is taken in before. */
export async function takeInAndShutDown(listener: Listener): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, TAKE_IN_MS));
  await listener.shutdown();
}
