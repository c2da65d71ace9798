import type { TlsPair } from "../../domain/tls_pair.ts";
import {
  type ListenOptions,
  startListener,
  startPassedListener,
} from "./listen.ts";
import { startTlsListener } from "./listen_tls.ts";
import { startUnixListener } from "./listen_unix.ts";
import type { Listener } from "./listener.ts";

/** Where the proxy listens, and with which protection. */
export interface OpenOptions extends ListenOptions {
  /** A Unix socket in place of host and port. */
  readonly socket: string | undefined;
  /** The file descriptor of a socket that somebody outside holds, in place of all these; undefined: there is none. */
  readonly passedSocket: number | undefined;
  /** What TLS is spoken with; undefined: none is. */
  readonly pair: TlsPair | undefined;
}

/** Opens what the operator asked for; rejects with one sentence where that fails. */
export async function openListener(
  { socket, passedSocket, pair, ...options }: OpenOptions,
): Promise<Listener> {
  if (passedSocket !== undefined) {
    return await startPassedListener({ ...options, fd: passedSocket });
  }
  if (socket !== undefined) {
    return await startUnixListener({ ...options, path: socket });
  }
  return pair === undefined
    ? await startListener(options)
    : startTlsListener({ ...options, pair });
}
