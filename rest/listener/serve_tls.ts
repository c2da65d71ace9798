import type { TlsPair } from "../domain/tls_pair.ts";
import type { HttpHandler } from "./http/desk.ts";
import { keepOpen } from "./keep_open.ts";
import {
  type Listener,
  type ListenOptions,
  type PortListener,
  reasonOf,
  servingWith,
  urlOf,
} from "./serve.ts";

/** How a port that speaks TLS is opened. */
export interface TlsListenOptions extends ListenOptions {
  readonly pair: TlsPair;
}

/** An open port that speaks TLS, with HTTP/2 for those who want it. */
export type TlsListener = PortListener & Required<Pick<Listener, "renew">>;

/** Opens the port; throws one sentence where that fails. */
export function startTlsListener(
  options: TlsListenOptions,
  handler: HttpHandler,
): TlsListener {
  checkThatFree(options);
  let { pair } = options;
  const first = open(options, handler);
  const { addr } = first;
  const { facts } = options;
  const openAgain = (pair: TlsPair) =>
    open({ ...options, port: addr.port, pair }, handler);
  let server = keepOpen(first, () => openAgain(pair), facts);
  const leaving = new Set<Promise<void>>();
  return {
    address: addr,
    url: urlOf("https", addr),
    renew(next) {
      if (next.cert === pair.cert && next.key === pair.key) return false;
      const former = server;
      // The new one first: at no moment is the port closed. The runtime has no
      // way to stop only the listening: `shutdown` closes what waits for a
      // request, and WebSockets with 1001 (seen 2026-11, Deno 2.9.6).
      server = keepOpen(openAgain(next), () => openAgain(pair), facts);
      pair = next;
      const gone = former.shutdown().finally(() => leaving.delete(gone));
      leaving.add(gone);
      return true;
    },
    async shutdown() {
      await Promise.all([server.shutdown(), ...leaving]);
    },
    get finished() {
      return server.finished;
    },
  };
}

/**
 * Servers that share a port for the sake of a new certificate would share it
 * with another proxy as well, and nobody would notice: each would keep the
 * bot's limits on its own. So the port is asked for once without sharing.
 */
function checkThatFree({ host, port }: ListenOptions): void {
  try {
    Deno.listen({ hostname: host, port }).close();
  } catch (error) {
    throw new Error(`Cannot listen on ${host}:${port}: ${reasonOf(error)}`);
  }
}

function open(
  { host, port, facts, pair }: TlsListenOptions,
  handler: HttpHandler,
): Deno.HttpServer<Deno.NetAddr> {
  const { cert, key } = pair;
  try {
    return Deno.serve(
      {
        ...servingWith(facts),
        hostname: host,
        port,
        cert,
        key,
        reusePort: true,
      },
      handler,
    );
  } catch (error) {
    throw new Error(
      pairProblem(error) ??
        `Cannot listen on ${host}:${port}: ${reasonOf(error)}`,
    );
  }
}

/** The runtime has no class of its own for these, only messages (seen 2026-11, Deno 2.9.6). */
function pairProblem(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : "";
  if (/consistent|mismatch/i.test(message)) {
    return "Cannot speak TLS: the key in REST_TLS_KEY is not that of the certificate in REST_TLS_CERT";
  }
  return /certificate|key/i.test(message)
    ? "Cannot speak TLS: REST_TLS_CERT or REST_TLS_KEY cannot be read; want PEM, no passphrase, no SHA-1"
    : undefined;
}
