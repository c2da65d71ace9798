import type { Source } from "../api/options.ts";
import type { SocketRequest } from "../api/ports.ts";
import { authFrameOf, SUBPROTOCOL } from "../wire/auth.ts";
import type { ConnectOptions } from "../wire/reconnector.ts";
import { base64Of, utf8Of } from "../wire/runtime.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";

/** The `req` of the authentication request. It belongs to one connection, so it may be the same each time. */
const AUTH_REQ = "rep-auth";

/** Works out how to connect; calls the caller's functions for address, key and token. */
export async function connectOptionsOf(
  url: Source<string>,
  settings: Settings,
  session: Session,
): Promise<ConnectOptions> {
  const [address, token, authorization] = await Promise.all([
    valueOf(url),
    valueOf(settings.token),
    valueOf(settings.authorization),
  ]);
  const authFrame = authFrameOf({
    token,
    authorization,
    clientName: settings.clientName,
    isExtended: settings.isExtended,
    session: session.name,
    expiryMs: settings.expiryMs,
    lastSeq: session.lastSeq,
  }, AUTH_REQ);
  const request = socketRequestOf(settings, token);
  return { url: address, request, authFrame, authReq: AUTH_REQ };
}

/** The subprotocols and headers of the upgrade. */
function socketRequestOf(
  { isExtended, authBy }: Settings,
  token: string | undefined,
): SocketRequest {
  const protocols = isExtended ? [SUBPROTOCOL] : [];
  const headers: Record<string, string> = {};
  if (token === undefined) return { protocols, headers };
  if (authBy === "subprotocol") {
    protocols.push(`rep.auth.${base64UrlOf(token)}`);
  }
  if (authBy === "header") headers["authorization"] = token;
  return { protocols, headers };
}

function valueOf<T>(source: Source<T>): T | Promise<T> {
  return typeof source === "function"
    ? (source as () => T | Promise<T>)()
    : source;
}

function base64UrlOf(text: string): string {
  return base64Of(utf8Of(text))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
