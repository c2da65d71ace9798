import { base64Of, utf8Of } from "../wire/runtime.ts";
import { greetingFrame, SUBPROTOCOL } from "../wire/auth.ts";
import type { Dial } from "../wire/reconnector.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import type { SocketRequest } from "../api/socket.ts";
import type { Source } from "../api/types.ts";

/** The `req` of a greeting; it is about the connection, so it may be the same every time. */
const GREETING_REQ = "rep-auth";

/** Works out how to connect, asking the caller's functions anew. */
export async function dialOf(
  url: Source<string>,
  settings: Settings,
  session: Session,
): Promise<Dial> {
  const [address, token, authorization] = await Promise.all([
    valueOf(url),
    valueOf(settings.token),
    valueOf(settings.authorization),
  ]);
  const greeting = greetingFrame({
    token,
    authorization,
    clientName: settings.clientName,
    isExtended: settings.isExtended,
    session: session.name,
    expiryMs: settings.expiryMs,
    lastSeq: session.lastSeq,
  }, GREETING_REQ);
  const request = socketRequestOf(settings, token);
  return { url: address, request, greeting, greetingReq: GREETING_REQ };
}

/** What the upgrade itself carries. */
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
