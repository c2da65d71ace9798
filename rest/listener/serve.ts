import type { FactSink } from "../domain/fact.ts";
import type { TlsPair } from "../domain/tls_pair.ts";
import type { HttpHandler } from "./http/desk.ts";
import { keepOpen } from "./keep_open.ts";

/** How a port is opened. */
export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly facts: FactSink;
}

/** Something open that callers come in by. */
export interface Listener {
  /** Where it is, as people are told: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Takes no new connections and settles once every answer under way is out. */
  shutdown(): Promise<void>;
  readonly finished: Promise<void>;
  /**
   * Shows new connections another certificate; false: it is the one in use.
   * Requests under way are answered, connections without one are closed.
   * Throws one sentence where it cannot be used, and then nothing has changed.
   * Undefined where no TLS is spoken.
   */
  readonly renew?: (pair: TlsPair) => boolean;
}

/** An open port. */
export interface PortListener extends Listener {
  readonly address: Deno.NetAddr;
}

/** Opens the port; throws one sentence where that fails. */
export function startListener(
  { host, port, facts }: ListenOptions,
  handler: HttpHandler,
): PortListener {
  try {
    const open = (atPort: number) =>
      Deno.serve(
        { ...servingWith(facts), hostname: host, port: atPort },
        handler,
      );
    const first = open(port);
    const { addr } = first;
    return {
      address: addr,
      url: urlOf("http", addr),
      ...keepOpen(first, () => open(addr.port), facts),
    };
  } catch (error) {
    throw new Error(`Cannot listen on ${host}:${port}: ${reasonOf(error)}`);
  }
}

/** What every server of ours has in common, whatever it listens on. */
export function servingWith(facts: FactSink): {
  readonly automaticCompression: false;
  readonly onListen: () => void;
  readonly onError: () => Response;
} {
  return {
    // Discord's bytes go out as they came, with the length and encoding they came with.
    automaticCompression: false,
    onListen: () => {},
    // The handler itself refuses everything it can; this is what comes after
    // the headers are out. The runtime would print the error, URL and all.
    onError() {
      facts({
        kind: "warning",
        message: "An answer broke off on its way to the caller",
      });
      return new Response(null, { status: 500 });
    },
  };
}

/** The address of an open port, as people write it; IPv6 in brackets. */
export function urlOf(
  scheme: "http" | "https",
  { hostname, port }: Deno.NetAddr,
): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${scheme}://${host}:${port}`;
}

/** Why a port could not be opened, and what to do. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "something else listens there already; stop it or set REST_PORT";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address; set REST_HOST";
  }
  if (
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable
  ) {
    return "it is not permitted; ports below 1024 need privileges, and Deno needs --allow-net";
  }
  return "the address cannot be used; check REST_HOST and REST_PORT";
}
