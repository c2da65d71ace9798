import { Refusal } from "../../domain/refusal.ts";

/** Printable ASCII, so that it can stand in a log line; 64 characters hold a host name and a shard. */
const CLIENT_NAME = /^[\x20-\x7e]{1,64}$/;

/**
 * The caller's name for the fair queue: its key's name, and behind that the
 * client's own name or its address.
 */
export function callerOf(
  keyName: string,
  clientName: string | null,
  address: string,
): string {
  // Not a slash, so that no client can take the name of an address.
  if (clientName === null) return `${keyName}@${address}`;
  if (!CLIENT_NAME.test(clientName)) {
    throw new Refusal(
      "bad_request",
      `Cannot read X-Rest-Client: 1 to 64 printable ASCII characters are wanted, not ${clientName.length}`,
    );
  }
  return `${keyName}/${clientName}`;
}
