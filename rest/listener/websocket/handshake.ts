import { fieldOf } from "../http/fields.ts";
import type { IncomingRequest } from "../http/incoming_request.ts";
import { rawTargetOf, splitPathKey } from "../http/raw_target.ts";

/** The extensions' name as a subprotocol (J1). */
const REP_V1 = "rep.v1";

/** A key offered as a subprotocol, for browsers, which cannot set headers (A1). */
const KEY_PREFIX = "rep.auth.";

/** What the list of offered subprotocols comes to. */
export interface Offer {
  /** The name to return; undefined: none (C1, C3). */
  readonly protocol: typeof REP_V1 | undefined;
  /** The key that was offered; "" for one that cannot be read; undefined: none. */
  readonly key: string | undefined;
}

/** Reads `Sec-WebSocket-Protocol`: names between commas, with blanks or without (C2). */
export function readOffer(header: string | null): Offer {
  if (header === null) return { protocol: undefined, key: undefined };
  const names = header.split(",").map((name) => name.trim());
  const offered = names.find((name) => name.startsWith(KEY_PREFIX));
  return {
    protocol: names.includes(REP_V1) ? REP_V1 : undefined,
    key: offered === undefined
      ? undefined
      : decodeKey(offered.slice(KEY_PREFIX.length)),
  };
}

function decodeKey(text: string): string {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return ""; // No key at all, so it will be refused like any wrong one.
  }
}

/** Where WebSockets are opened: `/rep`, and `/` for clients that can set no path. */
const UPGRADE_PATH = /^\/(?:rep)?(?:\?|$)/;

/** Whether the request asks to become a WebSocket, at a place where it can. */
export function isUpgrade(
  { method, target, fields }: Pick<
    IncomingRequest,
    "method" | "target" | "fields"
  >,
  { isKeyInPathAllowed }: { readonly isKeyInPathAllowed: boolean },
): boolean {
  if (method !== "GET") return false;
  if (fieldOf(fields, "upgrade")?.toLowerCase() !== "websocket") return false;
  const raw = rawTargetOf(target, undefined, fieldOf(fields, "host")) ?? "";
  return UPGRADE_PATH.test(isKeyInPathAllowed ? splitPathKey(raw).target : raw);
}
