import { BlockList, isIP } from "../../../deps.ts";
import type { HeaderList } from "../../domain/headers.ts";
import { fieldOf } from "../http/fields.ts";

/** Says where callers are, through reverse proxies that may speak for them. */
export interface ForwardedReader {
  isTrusted(address: string): boolean;
  /** Where the caller is that this connection speaks for. */
  addressOf(address: string, fields: HeaderList): string;
}

/** Reads `X-Forwarded-For` of those addresses and networks (`10.0.0.0/8`) only: anybody can send it. */
export function forwardedReader(trusted: readonly string[]): ForwardedReader {
  const list = new BlockList();
  for (const entry of trusted) {
    const [address = "", bits] = entry.split("/");
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && list.check(address, familyOf(address));
  if (trusted.length === 0) {
    return { isTrusted: () => false, addressOf: (address) => address };
  }
  return {
    isTrusted,
    addressOf(address, fields) {
      if (!isTrusted(address)) return address;
      const named = fieldOf(fields, "x-forwarded-for")?.split(",") ?? [];
      let caller = address;
      // Each proxy adds whom it saw at the end: the first that none of ours stands for is the caller.
      for (const name of named.reverse()) {
        const candidate = plainAddress(name.trim());
        if (isIP(candidate) === 0) break;
        caller = candidate;
        if (!isTrusted(candidate)) break;
      }
      return caller;
    },
  };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/** An address of IPv4 that came by a socket of IPv6 is the same address. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
