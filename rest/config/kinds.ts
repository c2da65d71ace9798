import { mayCrossFromFrame } from "../domain/crossing_headers.ts";
import type { OutboundProxy } from "../domain/outbound_proxy.ts";
import { Secret } from "../domain/secret.ts";
import { discordTokenIn, TOKEN_WANTED } from "./discord_token.ts";

/** What a setting may hold: how it is read, what is wanted, how a bad value is shown. */
export interface Kind<T> {
  /** Completes "want …". */
  readonly wanted: string;
  /** The same in few words, for a table. */
  readonly values: string;
  /** Undefined when the text is not what is wanted. */
  parse(text: string): T | undefined;
  /** The value as it may be printed. */
  show(text: string): string;
}

/** How much of a bad value is shown: enough to recognise it, too little to flood a terminal. */
const SHOWN_CHARS_MAX = 80;

/** A key shorter than this can be guessed by trying. */
const KEY_CHARS_MIN = 16;
/** A key travels in a header of every request; this is more than any generator gives. */
const KEY_CHARS_MAX = 256;

/** The highest limit heard of is 1,200 a second (Discord Userdoccers, 2026); ten times that is a typing mistake. */
const GLOBAL_LIMIT_MAX = 10_000;

/** A whole number within bounds, both included. */
export function integer(
  min: number,
  max: number,
  unit = "",
): Kind<number> {
  const range = `${min} to ${max}`;
  return {
    wanted: `a whole number ${unit && `of ${unit} `}from ${range}`,
    values: `${range} ${unit}`.trim(),
    parse: (text) => integerWithin(text, min, max),
    show: quote,
  };
}

/** A bot's global limit, or that the proxy is to find it out. */
export const GLOBAL_LIMIT: Kind<number | "auto"> = {
  wanted: `a whole number of requests from 1 to ${GLOBAL_LIMIT_MAX}, or auto`,
  values: `1 to ${GLOBAL_LIMIT_MAX} requests, or auto`,
  parse: (text) =>
    text === "auto" ? text : integerWithin(text, 1, GLOBAL_LIMIT_MAX),
  show: quote,
};

/** One word of a few. */
export function oneOf<const T extends string>(...words: T[]): Kind<T> {
  return {
    wanted: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    values: words.join(", "),
    parse: (text) => words.find((word) => word === text),
    show: quote,
  };
}

/** A switch. Only two spellings are accepted, so that every configuration says it the same way. */
export const BOOLEAN: Kind<boolean> = {
  wanted: "true or false",
  values: "true, false",
  parse: (text) =>
    text === "true" ? true : text === "false" ? false : undefined,
  show: quote,
};

/** An address or name to listen on. */
export const HOST: Kind<string> = {
  wanted: "an address or a host name without a port, such as 127.0.0.1 or ::1",
  values: "address or host name",
  parse: (text) => isHost(text) ? text : undefined,
  show: quote,
};

/** A key for callers. Blanks in it would make `Bot <key>` ambiguous. */
export const KEY: Kind<Secret> = {
  wanted:
    `${KEY_CHARS_MIN} to ${KEY_CHARS_MAX} visible ASCII characters; make one with: deno task key`,
  values: `${KEY_CHARS_MIN} to ${KEY_CHARS_MAX} characters`,
  parse: (text) => {
    const isKey = text.length >= KEY_CHARS_MIN &&
      text.length <= KEY_CHARS_MAX &&
      /^[!-~]*$/.test(text);
    return isKey ? new Secret(text) : undefined;
  },
  show: hide,
};

/** A bot's token, or none. */
export const TOKEN: Kind<Secret | undefined> = {
  wanted: TOKEN_WANTED,
  values: "a bot's token",
  parse: (text) => {
    const token = discordTokenIn(text);
    return token === undefined ? undefined : new Secret(token);
  },
  show: hide,
};

/** The path of a file, or none. Its content is read and checked elsewhere. */
export const FILE: Kind<string | undefined> = {
  wanted: "the path of a file",
  values: "path",
  parse: (text) => text === "" ? undefined : text,
  show: quote,
};

/** Linux takes 108 bytes for a socket's path, macOS 104, a zero at the end included. */
const SOCKET_PATH_BYTES_MAX = 103;

/** The path of a Unix socket, or none. */
export const SOCKET: Kind<string | undefined> = {
  wanted: `a path of at most ${SOCKET_PATH_BYTES_MAX} bytes`,
  values: "path",
  parse: (text) => {
    const { length } = new TextEncoder().encode(text);
    return length > 0 && length <= SOCKET_PATH_BYTES_MAX ? text : undefined;
  },
  show: quote,
};

/** A header's name (RFC 9110, 5.1), in lower case. */
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** Names of headers that may go from frames to Discord, or none. */
export const HEADER_NAMES: Kind<ReadonlySet<string>> = {
  wanted:
    "names of headers joined by commas, none that never goes to Discord (such as authorization, cookie, traceparent) or that the proxy writes itself (such as accept-encoding, content-type, user-agent)",
  values: "`name,…`",
  parse(text) {
    const names = text.split(",").map((name) => name.trim().toLowerCase())
      .filter((name) => name !== "");
    const areAllowed = names.every((name) =>
      HEADER_NAME.test(name) && mayCrossFromFrame(name)
    );
    return areAllowed ? new Set(names) : undefined;
  },
  show: quote,
};

/** Discord's base URL. The version is appended to it, so it must not contain one. */
export const UPSTREAM: Kind<string> = {
  wanted:
    "an http or https URL without user, query, fragment or version, such as https://discord.com/api",
  values: "http or https URL",
  parse: parseUpstream,
  // A password in it must not be printed.
  show: (text) => quote(text.replace(/\/\/.*@/s, "//[secret]@")),
};

/** A forward proxy, or none. */
export const OUTBOUND_PROXY: Kind<OutboundProxy | undefined> = {
  wanted:
    "an http or https URL without a path, such as http://user:password@proxy.example:3128",
  values: "http or https URL",
  parse: parseOutboundProxy,
  show: showUrl,
};

/** An address of this machine, or none. */
export const ADDRESS: Kind<string | undefined> = {
  wanted: "an IPv4 or IPv6 address of this machine, such as 192.0.2.1",
  values: "address",
  parse: (text) => isAddress(text) ? text : undefined,
  show: quote,
};

/** Global limits of single bots. */
export const LIMITS: Kind<ReadonlyMap<string, number>> = {
  wanted:
    `applicationId=limit pairs joined by commas, each limit from 1 to ${GLOBAL_LIMIT_MAX}`,
  values: "applicationId=limit,…",
  parse: parseLimits,
  show: quote,
};

/** A port, where one is wanted at all; 0 takes any free one. */
export const OPTIONAL_PORT: Kind<number | undefined> = {
  ...integer(0, 65_535),
  wanted: "a port from 0 to 65535",
};

function integerWithin(
  text: string,
  min: number,
  max: number,
): number | undefined {
  if (!/^[0-9]{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

function isHost(text: string): boolean {
  // Colons only as in IPv6: `localhost:8000` is a mistake worth a sentence.
  return /^[A-Za-z0-9._-]{1,253}$/.test(text) ||
    /^(?=.*:.*:)[0-9A-Fa-f:.]{2,45}$/.test(text);
}

function parseUpstream(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== "" || url.password !== "") return undefined;
  // A lone `?` or `#` leaves `search` and `hash` empty.
  if (/[?#]/.test(text)) return undefined;
  const base = url.origin + url.pathname.replace(/\/+$/, "");
  return /\/v[0-9]+$/.test(base) ? undefined : base;
}

function parseOutboundProxy(text: string): OutboundProxy | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.pathname !== "/" || /[?#]/.test(text)) return undefined;
  const isTls = url.protocol === "https:";
  const credentials = credentialsIn(url);
  if (credentials === undefined) return undefined;
  return {
    isTls,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    authorization: credentials === ":"
      ? undefined
      : new Secret(`Basic ${base64Of(credentials)}`),
  };
}

/** `user:password`, decoded; undefined where an escape in it is broken. */
function credentialsIn({ username, password }: URL): string | undefined {
  try {
    return [username, password].map(decodeURIComponent).join(":");
  } catch {
    return undefined;
  }
}

/** RFC 7617 leaves the charset open; proxies of today take UTF-8. */
function base64Of(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Four numbers, or hexadecimal groups as a URL takes them; no zone, no port. */
function isAddress(text: string): boolean {
  const v4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
  return v4.test(text) ||
    (/^[0-9A-Fa-f:.]{2,45}$/.test(text) && text.includes(":") &&
      URL.canParse(`http://[${text}]`));
}

function parseLimits(text: string): ReadonlyMap<string, number> | undefined {
  const limits = new Map<string, number>();
  if (text === "") return limits;
  for (const pair of text.split(",")) {
    const [, id, digits] = /^\s*([0-9]{16,20})\s*=\s*([0-9]+)\s*$/.exec(pair) ??
      [];
    if (id === undefined || digits === undefined || limits.has(id)) {
      return undefined;
    }
    const limit = integerWithin(digits, 1, GLOBAL_LIMIT_MAX);
    if (limit === undefined) return undefined;
    limits.set(id, limit);
  }
  return limits;
}

/** Shows a value as it was written, its end cut off where it is long. */
export function quote(text: string): string {
  const shown = text.length > SHOWN_CHARS_MAX
    ? text.slice(0, SHOWN_CHARS_MAX) + "…"
    : text;
  return JSON.stringify(shown);
}

/** Whoever put a password into a URL did not mean to have it printed. */
export function showUrl(text: string): string {
  return quote(text.replace(/\/\/.*@/s, "//[secret]@"));
}

/** Long enough to see what went wrong, and nothing of the secret itself. */
/** How a secret is shown. */
export function hide(text: string): string {
  const blank = /\s/.test(text) ? " with a blank in it" : "";
  return `a secret of ${text.length} characters${blank}`;
}
