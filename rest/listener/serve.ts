import type { FactSink } from "../domain/fact.ts";
import type { HttpHandler } from "./http/handler.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly facts: FactSink;
}

/** An open port. */
export interface Listener {
  readonly address: Deno.NetAddr;
  /** Takes no new connections and settles once every answer under way is out. */
  shutdown(): Promise<void>;
  readonly finished: Promise<void>;
}

/** Opens the port; throws one sentence where that fails. */
export function startListener(
  { host, port, facts }: ListenOptions,
  handler: HttpHandler,
): Listener {
  try {
    const server = Deno.serve({
      hostname: host,
      port,
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
    }, handler);
    return {
      address: server.addr,
      shutdown: () => server.shutdown(),
      finished: server.finished,
    };
  } catch (error) {
    throw new Error(`Cannot listen on ${host}:${port}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
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
