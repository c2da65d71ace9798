import type { TlsPair } from "../domain/tls_pair.ts";
import type { HttpHandler } from "./http/desk.ts";
import { type Listener, type ListenOptions, startListener } from "./serve.ts";
import { startSocketListener } from "./serve_socket.ts";
import { startTlsListener } from "./serve_tls.ts";

/** Where the proxy listens, and with which protection. */
export interface OpenOptions extends ListenOptions {
  /** A Unix socket in place of host and port. */
  readonly socket: string | undefined;
  /** What TLS is spoken with; undefined: none is. */
  readonly pair: TlsPair | undefined;
}

/** Opens what the operator asked for; rejects with one sentence where that fails. */
export async function openListener(
  { socket, pair, ...options }: OpenOptions,
  handler: HttpHandler,
): Promise<Listener> {
  if (socket !== undefined) {
    const { facts } = options;
    return await startSocketListener({ path: socket, facts }, handler);
  }
  return pair === undefined
    ? startListener(options, handler)
    : startTlsListener({ ...options, pair }, handler);
}
