import { forwardedReader } from "./forwarded.ts";
import type { ServeOptions } from "./transport.ts";

/** What the operator decides about connections; the members are settings of these names. */
export interface ConnectionSettings {
  readonly trustedProxies: readonly string[];
  readonly connectionLimit: number;
  /** 0: no bound of its own. */
  readonly addressConnectionLimit: number;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** Puts settings into the form that listeners take. */
export function serveOptionsOf(
  settings: ConnectionSettings,
): Pick<ServeOptions, "limits" | "forwarded"> {
  const { addressConnectionLimit } = settings;
  return {
    limits: {
      connectionsMax: settings.connectionLimit,
      addressConnectionsMax: addressConnectionLimit === 0
        ? undefined
        : addressConnectionLimit,
      headTimeoutMs: settings.headTimeoutMs,
      idleTimeoutMs: settings.idleTimeoutMs,
    },
    forwarded: forwardedReader(settings.trustedProxies),
  };
}
