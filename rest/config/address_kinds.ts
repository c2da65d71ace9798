import { type Kind, quote } from "./kinds.ts";

/** What a browser says of a page: scheme, host, port where it is not the usual one. */
const ORIGIN =
  /^https?:\/\/(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/;

/** Origins of pages, or none. */
export const ORIGINS: Kind<ReadonlySet<string>> = {
  wanted: "origins joined by commas, such as https://dashboard.example",
  values: "`https://host,…`",
  parse(text) {
    const origins = listOf(text.toLowerCase());
    return origins.every((origin) => ORIGIN.test(origin))
      ? new Set(origins)
      : undefined;
  },
  show: quote,
};

/** An address of IPv4 or IPv6, and how many bits of it name a network. */
const NETWORK =
  /^(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:\/(?:[0-9]|[12][0-9]|3[0-2]))?|[0-9a-f:.]*:[0-9a-f:.]*(?:\/(?:[0-9]{1,2}|1[01][0-9]|12[0-8]))?)$/;

/** Addresses and networks, or none. */
export const NETWORKS: Kind<readonly string[]> = {
  wanted: "addresses or networks joined by commas, such as 10.0.0.0/8",
  values: "`address,network/bits,…`",
  parse(text) {
    const networks = listOf(text.toLowerCase());
    return networks.every(isNetwork) ? networks : undefined;
  },
  show: quote,
};

function isNetwork(text: string): boolean {
  if (!NETWORK.test(text)) return false;
  const [address = ""] = text.split("/");
  return address.includes(":")
    ? URL.canParse(`http://[${address}]`)
    : address.split(".").every((part) => Number(part) <= 255);
}

function listOf(text: string): string[] {
  return text.split(",").map((part) => part.trim())
    .filter((part) => part !== "");
}
