import { createHmac } from "../../deps.ts";
import type { Secret } from "../domain/secret.ts";

/**
 * What all proxies of a cluster derive from the key that they share and Redis
 * does not know, so that Redis need not be trusted: whoever writes to it can
 * neither have anything sent nor lead the proxies to an address of his own.
 */

/** Encrypts the rows of the journal where the operator has set no key for that. */
export function rowKeyOf(peerKey: Secret): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hmacOf(peerKey, "sluice journal rows"));
}

/** Addresses as they stand in Redis: each says which proxy it is of, and is signed. */
export interface SignedAddresses {
  sign(id: string, url: string): string;
  /** Undefined: nobody with the key has said so. */
  open(id: string, signed: string): string | undefined;
}

/** Signs and checks with this key. */
export function signedAddresses(peerKey: Secret): SignedAddresses {
  const known = new Map<string, boolean>();
  const sign = (id: string, url: string) =>
    url + BEFORE_SIGNATURE +
    hmacOf(peerKey, `sluice address\0${id}\0${url}`).toString("base64url");
  return {
    sign,
    open(id, signed) {
      const [url = ""] = signed.split(BEFORE_SIGNATURE);
      const name = `${id} ${signed}`;
      let isTrue = known.get(name);
      if (isTrue === undefined) {
        if (known.size >= KNOWN_MAX) known.clear();
        // Told to nobody, so that its time tells nothing.
        known.set(name, isTrue = sign(id, url) === signed);
      }
      return isTrue ? url : undefined;
    },
  };
}

/** Stands in no address of ours, which has a host and a port alone. */
const BEFORE_SIGNATURE = "#";

/** Addresses are looked at with every request that is handed on. */
const KNOWN_MAX = 1_000;

function hmacOf(key: Secret, purpose: string): Buffer {
  return createHmac("sha256", key.reveal()).update(purpose).digest();
}
