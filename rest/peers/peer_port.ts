import type { FactSink } from "../domain/fact.ts";
import type { Clock } from "../domain/ports.ts";
import type { TlsPair } from "../domain/tls_pair.ts";
import type { Endpoint } from "../listener/http/incoming_request.ts";
import type { Listener } from "../listener/transport/listener.ts";
import { openListener } from "../listener/transport/open_listener.ts";
import {
  type ConnectionSettings,
  serveOptionsOf,
} from "../listener/transport/serve_options.ts";

/** What the port for peers is opened with. */
export interface PeerPortOptions {
  readonly settings: ConnectionSettings & {
    readonly peerUrl: string | undefined;
  };
  /** Undefined: there are no peers. */
  readonly endpoint: Endpoint | undefined;
  readonly clock: Clock;
  readonly facts: FactSink;
  /** What TLS is spoken with; wanted where the URL says https. */
  readonly pair: TlsPair | undefined;
}

/** A caller's head has up to 16 KiB, and a door adds what it knows of the request, a brought token among it. */
const HEAD_BYTES_MAX = 128 * 1024;

/**
 * Opens the port at which other proxies reach this one, and ends it together
 * with the port for callers. It is a port of its own, so that a firewall can
 * keep callers from it, and so that no header of a caller is ever read as a
 * peer's. Rejects with one sentence where that fails.
 */
export async function withPeerPort(
  callers: Listener,
  { settings, endpoint, pair, ...options }: PeerPortOptions,
): Promise<Listener> {
  const { peerUrl } = settings;
  if (peerUrl === undefined || endpoint === undefined) return callers;
  const { protocol, hostname, port } = new URL(peerUrl);
  const isTls = protocol === "https:";
  if (isTls && pair === undefined) {
    throw new Error(
      "Cannot listen at REST_PEER_URL: it says https, and REST_TLS_CERT and REST_TLS_KEY are not set",
    );
  }
  const { limits, forwarded } = serveOptionsOf({
    ...settings,
    trustedProxies: [],
    addressConnectionLimit: 0,
  });
  const peers = await openListener({
    ...options,
    endpoint,
    forwarded,
    limits: { ...limits, headBytesMax: HEAD_BYTES_MAX },
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (isTls ? 443 : 80) : Number(port),
    socket: undefined,
    passedSocket: undefined,
    pair: isTls ? pair : undefined,
  }).catch((error) => {
    throw new Error(
      String(error?.message).replace(/REST_(?:HOST|PORT)/g, "REST_PEER_URL"),
    );
  });
  return bothOf(callers, peers);
}

function bothOf(callers: Listener, peers: Listener): Listener {
  const renewed = [callers, peers].flatMap(({ renew }) => renew ?? []);
  return {
    url: callers.url,
    isHeldOutside: callers.isHeldOutside === true,
    endKeepAlive() {
      callers.endKeepAlive();
      peers.endKeepAlive();
    },
    async shutdown() {
      await Promise.all([callers.shutdown(), peers.shutdown()]);
    },
    ...renewed.length > 0 && {
      renew: (pair: TlsPair) =>
        renewed.map((renew) => renew(pair)).some((isNew) => isNew),
    },
  };
}
