import { Secret } from "../domain/secret.ts";
import { hide, KEY, type Kind, showUrl } from "./kinds.ts";

/** Where a Redis or Valkey is, or none. The password in it makes it a secret. */
export const REDIS_URL: Kind<Secret | undefined> = {
  wanted:
    "a redis or rediss URL, such as redis://user:password@redis.example:6379",
  values: "redis or rediss URL",
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^rediss?:$/.test(url.protocol)) return undefined;
    if (url.hostname === "" || /[?#]/.test(text)) return undefined;
    // A path names one of its databases by number.
    return /^\/?\d{0,4}$/.test(url.pathname) ? new Secret(text) : undefined;
  },
  show: showUrl,
};

/** Where other proxies reach this one, or nowhere. */
export const PEER_URL: Kind<string | undefined> = {
  wanted:
    "an http or https URL without user, path and query, such as http://10.0.0.5:8001",
  values: "http or https URL",
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
    if (url.username !== "" || url.password !== "") return undefined;
    return url.pathname === "/" && !/[?#]/.test(text) ? url.origin : undefined;
  },
  show: showUrl,
};

/** A key, or none. */
export const OPTIONAL_KEY: Kind<Secret | undefined> = { ...KEY, show: hide };
