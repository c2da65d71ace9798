import type { Identity } from "../../domain/identity.ts";
import type { HeaderList } from "../../domain/headers.ts";
import {
  type Method,
  METHODS,
  type OnLeave,
  type ProxyRequest,
} from "../../domain/request.ts";
import type { Urgency } from "../../domain/urgency.ts";
import { routeOf } from "../../routes/route_of.ts";

/**
 * A request as JSON: without its token, and with its waits as moments of the
 * calendar, which mean the same to the next process. Members that say what is
 * usual are left out.
 */
export interface StoredRequest {
  readonly method: Method;
  readonly target: readonly [version: number, path: string, query: string];
  readonly headers?: HeaderList;
  readonly caller: string;
  readonly urgency: Urgency;
  readonly isUnordered?: true;
  /** By when it must have been sent. */
  readonly leaveByWallMs?: number;
  /** When the longest wait ends that a rule allows it. */
  readonly waitsUntilWallMs?: number;
  readonly onLeave?: OnLeave;
  readonly hasBody?: true;
}

/** What a row says of a request: `head` for its JSON, `body` for its bytes. */
export interface EncodedRequest {
  readonly head: StoredRequest;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** Writes down a request that was accepted at `acceptedWallMs`. */
export function encodeRequest(
  request: ProxyRequest,
  acceptedWallMs: number,
): EncodedRequest {
  const { method, target, headers, body, caller, urgency } = request;
  const { leaveWithinMs, longestWaitMs, onLeave } = request;
  return {
    head: {
      method,
      target: [target.version, target.path, target.query],
      ...headers.length === 0 ? {} : { headers },
      caller,
      urgency,
      ...request.isOrdered ? {} : { isUnordered: true },
      ...leaveWithinMs === undefined
        ? {}
        : { leaveByWallMs: acceptedWallMs + leaveWithinMs },
      ...longestWaitMs === undefined
        ? {}
        : { waitsUntilWallMs: acceptedWallMs + longestWaitMs },
      ...onLeave === undefined ? {} : { onLeave },
      ...body === undefined ? {} : { hasBody: true },
    },
    body,
  };
}

/** Who a stored request is sent for, and when it is read. */
export interface Reading {
  readonly identity: Identity;
  readonly nowWallMs: number;
}

/**
 * Reads a request again. Its waits are what is left of them, and below zero
 * where they have passed. Throws where it was not written by `encodeRequest`.
 */
export function decodeRequest(
  { head, body }: EncodedRequest,
  { identity, nowWallMs }: Reading,
): ProxyRequest {
  if (!METHODS.includes(head.method) || !Array.isArray(head.target)) {
    throw new Error("Cannot read a request of the journal: it is damaged");
  }
  const [version, path, query] = head.target;
  const { leaveByWallMs, waitsUntilWallMs, onLeave } = head;
  return {
    method: head.method,
    target: { version, path, query },
    route: routeOf(head.method, path, nowWallMs),
    headers: head.headers ?? [],
    body: bodyOf(head, body),
    identity,
    caller: head.caller,
    urgency: head.urgency,
    isOrdered: head.isUnordered !== true,
    leaveWithinMs: leaveByWallMs === undefined
      ? undefined
      : leaveByWallMs - nowWallMs,
    ...waitsUntilWallMs === undefined
      ? {}
      : { longestWaitMs: waitsUntilWallMs - nowWallMs },
    ...onLeave === undefined ? {} : { onLeave },
  };
}

/** A store may give no bytes back where none were written. */
function bodyOf(
  { hasBody }: StoredRequest,
  body: Uint8Array<ArrayBuffer> | undefined,
): Uint8Array<ArrayBuffer> | undefined {
  return hasBody === true ? body ?? new Uint8Array() : undefined;
}
