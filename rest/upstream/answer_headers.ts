import {
  type HeaderList,
  HOP_BY_HOP,
  namedByConnection,
  PROXY_PREFIX,
} from "../domain/headers.ts";

/** Answer headers that end here. Everything not named below crosses. */
const STAYS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  // Cloudflare's marks on this proxy; every caller would share them.
  "set-cookie",
  // Promises about discord.com that are false of the host a caller talks to.
  "alt-svc",
  "strict-transport-security",
  "nel",
  "report-to",
  "content-security-policy",
]);

/** As `STAYS`, for whole families; `x-rest-` is our signature, which nobody may forge. */
function isOfStayingFamily(name: string): boolean {
  return name.startsWith(PROXY_PREFIX) || name.startsWith("x-rest-");
}

/** An answer's headers as undici gives them, twice. */
export interface ReceivedHeaders {
  /** By name in lower case; a repeated name has a list. */
  readonly read: Readonly<Record<string, string | string[] | undefined>>;
  /** Names and values in turn, each as it came. */
  readonly raw: readonly (string | { toString(as: "latin1"): string })[];
  /** False where a length could only be that of a body that is not here. */
  readonly hasBody: boolean;
}

/** Picks the answer headers that cross, values untouched. */
export function answerHeaders(received: ReceivedHeaders): HeaderList {
  const { read, hasBody } = received;
  const named = namedBy(read["connection"]);
  const crossing: Array<readonly [string, string]> = [];
  for (const name in read) {
    if (stays(name, named, hasBody)) continue;
    const value = read[name];
    // Read once already, which saves a twentieth of a request's work; but of
    // repeats only the raw form tells the place among the others.
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

/** `Connection` may name further headers that are only for the connection. */
function namedBy(
  connection: string | string[] | undefined,
): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === "keep-alive") return undefined;
  return namedByConnection(String(connection));
}

/** Bytes above 0x7f become the characters of the same number, as in `Headers`. */
function rawFields({ raw }: ReceivedHeaders): HeaderList {
  const fields: Array<readonly [string, string]> = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]?.toString("latin1").toLowerCase() ?? "";
    fields.push([name, raw[at + 1]?.toString("latin1") ?? ""]);
  }
  return fields;
}
