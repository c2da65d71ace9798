import type { HeaderList } from "../domain/headers.ts";
import { headerOf } from "../domain/headers.ts";
import type { Timing } from "../domain/wait_reason.ts";

/**
 * How one proxy hands another a request: the same method, path, headers and
 * body, and beside them what only the first one knows, in headers that no
 * other port reads.
 */

/** What a door knows of a request beside the request itself: JSON. */
export const PEER_CALL_HEADER = "x-rest-peer-call";

/** What an owner says of its answer beside the answer itself: JSON. */
export const PEER_NOTE_HEADER = "x-rest-peer-note";

/** Where the owner of bearer tokens is told of a new one. */
export const MOVE_PATH = "/_rep/tokens";

/** A new token on its way to the owner; it crosses as brought tokens do. */
export interface Move {
  readonly fromId: string;
  readonly authorization: string;
  /** Only what this key has waiting is moved. */
  readonly keyName: string;
}

/** "This is not mine": the status for a request that came to the wrong server (RFC 9110, 15.5.20). */
export const NOT_MINE_STATUS = 421;

/** What an owner says of an answer. */
export interface PeerNote {
  /** Certainly not accepted; where its scope's owner is, if that is known. */
  readonly notMine?: { readonly ownerUrl?: string };
  /** The proxy itself answers, and not Discord. */
  readonly isOurs?: true;
  readonly timing?: Timing;
}

/** A header's value: ASCII only, whatever stands in it. */
export function headerJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The note of an answer; empty where it has none that can be read. */
export function noteIn(headers: HeaderList): PeerNote {
  const value = objectIn(headerOf(headers, PEER_NOTE_HEADER));
  return value ?? {};
}

/** A JSON object in a header; undefined where it is none. */
export function objectIn(
  text: string | null | undefined,
): Record<string, unknown> | undefined {
  if (text === null || text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}
