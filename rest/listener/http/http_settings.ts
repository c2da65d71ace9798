import type { OpenTokenRoutes } from "../../domain/access.ts";
import type { HttpSettings } from "./handler_context.ts";

/** What the operator decides about HTTP; the members are settings of these names. */
interface OperatorSettings {
  readonly apiVersion: number;
  readonly isKeyInPathAllowed: boolean;
  readonly areRateLimitHeadersStripped: boolean;
  readonly isServerTimingOn: boolean;
  readonly bodyLimitMib: number;
  readonly heldLimitMib: number;
  readonly bodyTimeoutMs: number;
  readonly maxWaitMs: number;
  readonly keysFile: string | undefined;
  readonly origins: ReadonlySet<string>;
  readonly openTokenRoutes: OpenTokenRoutes;
}

const MIB = 1024 * 1024;

/** Puts settings into the form that the endpoint takes. */
export function httpSettingsOf(settings: OperatorSettings): HttpSettings {
  return {
    apiVersion: settings.apiVersion,
    isKeyInPathAllowed: settings.isKeyInPathAllowed,
    areRateLimitHeadersStripped: settings.areRateLimitHeadersStripped,
    isServerTimingOn: settings.isServerTimingOn,
    bodyLimitBytes: settings.bodyLimitMib * MIB,
    heldLimitBytes: settings.heldLimitMib * MIB,
    bodyTimeoutMs: settings.bodyTimeoutMs,
    roomWaitMs: settings.maxWaitMs,
    origins: settings.origins,
    areKeysSeveral: settings.keysFile !== undefined,
    areKeylessServed: settings.openTokenRoutes !== "false",
  };
}
