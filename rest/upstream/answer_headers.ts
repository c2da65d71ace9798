import {
  type HeaderList,
  HOP_BY_HOP,
  namedByConnection,
  PROXY_PREFIX,
} from "../domain/headers.ts";

/** Answer headers that are not passed on. All others are. */
const STAYS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  // Cloudflare's cookies for this proxy; all callers would share them.
  "set-cookie",
  // They are about discord.com, not about the host that the caller talks to.
  "alt-svc",
  "strict-transport-security",
  "nel",
  "report-to",
  "content-security-policy",
]);

/** As `STAYS`, by prefix; `x-rest-` is the proxy's own signature, which nobody may forge. */
function isOfStayingFamily(name: string): boolean {
  return name.startsWith(PROXY_PREFIX) || name.startsWith("x-rest-");
}

/** The headers of an answer in undici's two forms. */
export interface ReceivedHeaders {
  /** By name in lower case; a repeated name has an array. */
  readonly read: Readonly<Record<string, string | string[] | undefined>>;
  /** Names and values alternating, as they came. */
  readonly raw: readonly (string | { toString(as: "latin1"): string })[];
  /** False if the answer has no body, so that its length must not be passed on. */
  readonly hasBody: boolean;
}

/** Picks the answer headers that are passed on, values unchanged. */
export function answerHeaders(received: ReceivedHeaders): HeaderList {
  const { read, hasBody } = received;
  const named = namedBy(read["connection"]);
  const crossing: Array<readonly [string, string]> = [];
  for (const name in read) {
    if (stays(name, named, hasBody)) continue;
    const value = read[name];
    // undici has read these already, which saves a twentieth of a request's work;
    // but only the raw form keeps the order of repeated headers.
    if (typeof value !== "string") {
      return rawFields(received).filter(([name]) =>
        !stays(name, named, hasBody)
      );
    }
    crossing.push([name, value]);
  }
  return crossing;
}

function stays(
  name: string,
  named: ReadonlySet<string> | undefined,
  hasBody: boolean,
): boolean {
  return STAYS.has(name) || isOfStayingFamily(name) ||
    (name === "content-length" && !hasBody) || named?.has(name) === true;
}

/** Further headers that `Connection` names. */
function namedBy(
  connection: string | string[] | undefined,
): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === "keep-alive") return undefined;
  return namedByConnection(String(connection));
}

/** Reads the raw form. Bytes above 0x7f become the characters with the same number, as in `Headers`. */
function rawFields({ raw }: ReceivedHeaders): HeaderList {
  const fields: Array<readonly [string, string]> = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]?.toString("latin1").toLowerCase() ?? "";
    fields.push([name, raw[at + 1]?.toString("latin1") ?? ""]);
  }
  return fields;
}
