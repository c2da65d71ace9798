import { SYSTEM_CLOCK } from "./clock/system_clock.ts";
import type { Settings } from "./config/settings.ts";
import type { FactSink } from "./domain/fact.ts";
import type { TlsPair } from "./domain/tls_pair.ts";
import { withoutUpgrades } from "./listener/http/incoming_request.ts";
import { startListener } from "./listener/transport/listen.ts";
import type { Listener } from "./listener/transport/listener.ts";
import { openListener } from "./listener/transport/open_listener.ts";
import { serveOptionsOf } from "./listener/transport/serve_options.ts";
import { withPeerPort } from "./peers/peer_port.ts";
import type { Proxy } from "./proxy.ts";

/** What the ports of a process are opened with. */
export interface PortParts {
  readonly settings: Settings;
  readonly proxy: Pick<Proxy, "endpoint" | "peerEndpoint" | "metrics">;
  readonly facts: FactSink;
  /** The file descriptor of a socket that somebody outside holds. */
  readonly passedSocket: number | undefined;
  readonly tls: TlsPair | undefined;
}

/** Opens the port for callers, and the one for other proxies where there are any; rejects with one sentence where that fails. */
export async function openPorts(
  { settings, proxy, facts, passedSocket, tls }: PortParts,
): Promise<Listener> {
  const shared = { clock: SYSTEM_CLOCK, facts, pair: tls };
  const callers = await openListener({
    ...serveOptionsOf(settings),
    ...shared,
    endpoint: proxy.endpoint,
    host: settings.host,
    port: settings.port,
    socket: settings.socket,
    passedSocket,
  });
  const endpoint = proxy.peerEndpoint;
  return await withPeerPort(callers, { ...shared, settings, endpoint });
}

/** Opens the port that `/metrics` has to itself, and tells where it is; undefined: it has none. Rejects as `openPorts` does. */
export async function openMetrics(
  { settings, proxy, facts }: PortParts,
): Promise<string | undefined> {
  const { host, metricsPort: port } = settings;
  if (port === undefined) return undefined;
  const { url } = await startListener({
    ...serveOptionsOf(settings),
    endpoint: withoutUpgrades(proxy.metrics),
    clock: SYSTEM_CLOCK,
    facts,
    host,
    port,
  }).catch((error) => {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(message.replace("REST_PORT", "REST_METRICS_PORT"));
  });
  return `${url}/metrics`;
}
