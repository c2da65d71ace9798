import type { ProxyRequest } from "../domain/request.ts";

/** Discord blocks what looks like neither a bot nor a browser (docs: Reference, User Agent). */
const BOT_AGENT = "DiscordBot";

/**
 * What goes upstream, as names and values in turn: the caller's headers, who
 * asks and with which program. Host, length and connection are undici's.
 */
export function requestHeaders(
  request: ProxyRequest,
  userAgent: string,
): string[] {
  const flat: string[] = [];
  let agent = userAgent;
  for (const [name, value] of request.headers) {
    if (name !== "user-agent") flat.push(name, value);
    else if (value.startsWith(BOT_AGENT)) agent = value;
  }
  flat.push("user-agent", agent);
  const { authorization } = request.identity;
  if (authorization !== undefined) {
    flat.push("authorization", authorization.reveal());
  }
  return flat;
}
