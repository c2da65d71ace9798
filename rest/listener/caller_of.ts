import { Refusal } from "../domain/refusal.ts";

/** Printable ASCII, so that it can stand in a log line; 64 characters hold a host name and a shard. */
const CLIENT_NAME = /^[\x20-\x7e]{1,64}$/;

/**
 * Names who shares fairly with whom: the key and what the client calls itself,
 * or else where it comes from.
 */
export function callerOf(
  keyName: string,
  clientName: string | null,
  address: string,
): string {
  // Another sign than the slash, so that no client can pass for an address.
  if (clientName === null) return `${keyName}@${address}`;
  if (!CLIENT_NAME.test(clientName)) {
    throw new Refusal(
      "bad_request",
      `Cannot read X-Rest-Client: 1 to 64 printable ASCII characters are wanted, not ${clientName.length}`,
    );
  }
  return `${keyName}/${clientName}`;
}

/** Where a request comes from, without the port. */
export function remoteHostOf(info: Deno.ServeHandlerInfo): string {
  try {
    const address = info.remoteAddr;
    return "hostname" in address ? address.hostname : address.transport;
  } catch {
    // The runtime forgets it with the request, which an upgrade may have ended.
    return "unknown";
  }
}
