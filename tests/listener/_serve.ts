import type { Clock } from "../../rest/domain/ports.ts";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import type {
  Endpoint,
  HttpAnswer,
  HttpHandler,
  UpgradeHandler,
} from "../../rest/listener/http/incoming_request.ts";
import {
  type ConnectionSettings,
  serveOptionsOf,
} from "../../rest/listener/transport/serve_options.ts";
import type { ServeOptions } from "../../rest/listener/transport/transport.ts";
import { isUpgrade } from "../../rest/listener/websocket/handshake.ts";

const SETTINGS: ConnectionSettings = {
  trustedProxies: [],
  connectionLimit: 10_000,
  addressConnectionLimit: 0,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 120_000,
};

/** All that a listener is given besides its place; a test names only what it is about. */
export function servingOf(
  endpoint: Endpoint | HttpHandler,
  change: Partial<ConnectionSettings & Pick<ServeOptions, "clock" | "facts">> =
    {},
): ServeOptions {
  const { clock = SYSTEM_CLOCK, facts = () => {}, ...settings } = change;
  return {
    ...serveOptionsOf({ ...SETTINGS, ...settings }),
    endpoint: typeof endpoint === "function" ? endpointOf(endpoint) : endpoint,
    clock: clock satisfies Clock,
    facts,
  };
}

/** What a listener serves; without `upgrade` no WebSocket is opened. */
export function endpointOf(
  handle: HttpHandler,
  upgrade?: UpgradeHandler,
): Endpoint {
  return {
    handle,
    isUpgrade: (request) =>
      upgrade !== undefined && isUpgrade(request, { isKeyInPathAllowed: true }),
    upgrade: upgrade ?? (() => textAnswer("no upgrade")),
  };
}

export function textAnswer(text: string): HttpAnswer {
  const body = new TextEncoder().encode(text);
  return { status: 200, headers: [["content-type", "text/plain"]], body };
}
